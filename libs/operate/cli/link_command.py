"""`liandong links`: follow-ups that a service refused, each a task for a person."""

import asyncio
import json as jsons
from typing import Annotated

import typer

from operate.admin import standing
from operate.cli.deadletter_command import tell_silent
from operate.cli.note import Note
from operate.cli.screen import console, plain, say, words
from operate.home.home import Home
from operate.run.installation import Installation

app = typer.Typer(help="refused follow-ups: list, settle", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="for scripts")]


@app.command("list")
def list_links(json: Json = False) -> None:
    """List those that no person has settled. Exit code 1 if a service does not answer.

    The owner is the unit whose inbox shows it; without one those who watch over the area see it.
    """
    rows, silent = asyncio.run(standing.links(Installation.here(Home.here())))
    if json:
        print(jsons.dumps(rows, ensure_ascii=False))
    elif not rows and not silent:
        say("no refused follow-up waits", "没有待处理的后续联动")
    elif rows:
        titles = words(
            "time event group reason owner matter", "时间 事件 消费组 原因 承办单位 事项"
        )
        table = plain(*titles.split())
        for row in rows:
            owner = row["owner"] or words("watchers of the area", "辖区值守人员")
            cells = (row["time"][:19], row["event"], row["group"], row["reason"])
            table.add_row(*cells, owner, row["matter"])
        console.print(table)
    tell_silent(silent)
    raise typer.Exit(1 if silent else 0)


@app.command()
def settle(
    event: Annotated[str, typer.Argument(help="the event, as `liandong links list` says")],
    note: Note,
) -> None:
    """Record that a person has seen to the refused follow-ups of one event."""
    count = asyncio.run(standing.settle(Installation.here(Home.here()), event, note))
    say(f"{count} settled", f"已处理 {count} 条")
