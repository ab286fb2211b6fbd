"""`liandong deputies`: who stands in for whom, from when to when."""

import json as jsons
from typing import Annotated

import typer

from operate.admin import accounts, register
from operate.cli.account_command import Json, change
from operate.cli.screen import console, plain, say, words

app = typer.Typer(help="deputies for a period: add, list, end", no_args_is_help=True)

Time = Annotated[str, typer.Option(help="such as 2026-12-01T08:30, in the zone of the city")]


@app.command("add")
def add_deputy(
    person: Annotated[str, typer.Argument(help="the user name of the person who is away")],
    deputy: Annotated[str, typer.Argument(help="the user name of the person who stands in")],
    start: Time,
    end: Time,
) -> None:
    """Let one person act in the role and unit of another, for a period."""
    period = register.period_of(start, end)
    made = change(lambda books: books.deputies.appoint(person, deputy, period, accounts.operator()))
    say(
        "{deputy} stands in for {person}, number {id}".format_map(made),
        "{deputy} 代理 {person}，编号 {id}".format_map(made),
    )


@app.command("list")
def list_deputies(json: Json = False) -> None:
    """List the deputies of now and of later."""
    rows = change(lambda books: books.deputies.of())
    if json:
        print(jsons.dumps(rows, default=str))
        return
    table = plain(*words("number person deputy from until", "编号 本人 代理人 自 至").split())
    for row in rows:
        times = (f"{row[name]:%Y-%m-%d %H:%M %z}" for name in ("start_time", "end_time"))
        table.add_row(str(row["id"]), row["person"], row["deputy"], *times)
    console.print(table)


@app.command("end")
def end_deputy(number: Annotated[int, typer.Argument(help="as the list shows it")]) -> None:
    """End a period now."""
    change(lambda books: books.deputies.end(number, accounts.operator()))
    say("ended", "代理已结束")
