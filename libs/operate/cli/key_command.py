"""`liandong keys`: makes, lists, rotates and revokes the API keys of systems."""

import asyncio
import json as jsons
from typing import Annotated

import typer

from operate.admin.register import entry_of
from operate.admin.units import post_of
from operate.cli.account_command import change
from operate.cli.screen import console, plain, say, words
from operate.home.home import Home
from operate.run.installation import Installation

app = typer.Typer(help="API keys of systems: add, list, rotate, revoke", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="for scripts")]
Only = Annotated[str, typer.Option("--role", help="only the keys of this role")]
Role = Annotated[str, typer.Option(help="a role code, such as partner or clerk")]


@app.command("add")
def add_key(
    role: Role,
    unit: Annotated[str, typer.Option(help="the code of its unit, or a kind that is unique")],
    name: Annotated[
        str, typer.Option(help="shown where it acts; by default the unit, with the team")
    ] = "",
    team: Annotated[str, typer.Option(help="the code of the team, for its terminals")] = "",
    json: Json = False,
) -> None:
    """Make a key and show it once; only its hash is kept."""
    given = entry_of("", name, role, unit, team)
    post = asyncio.run(post_of(Installation.here(Home.here()), given))
    made = change(lambda books: books.keys.add(post.unit, role, name, team))
    if json:
        print(jsons.dumps(made, ensure_ascii=False))
        return
    say(
        "A key of {name} in the role {role}. It is shown only now: {key}".format_map(made),
        "{name} 的密钥，角色 {role}。仅显示这一次：{key}".format_map(made),
    )


@app.command("list")
def list_keys(json: Json = False) -> None:
    """List names, roles and units of all keys. The keys themselves are never shown."""
    rows = change(lambda books: books.keys.every())
    if json:
        print(jsons.dumps(rows, default=str))
        return
    table = plain(*words("name role unit team", "名称 角色 单位 队伍").split(), "")
    for row in rows:
        state = words("revoked", "已吊销") if row["disabled"] else ""
        table.add_row(row["name"], row["role"], row["unit"], row["team"], state)
    console.print(table)


@app.command("rotate")
def rotate_key(name: str, role: Only = "", json: Json = False) -> None:
    """Make a new key in the place of each key of this name, and show it once.

    The old one opens nothing any more, within a few seconds.
    """
    made = change(lambda books: books.keys.rotate(name, role))
    if json:
        print(jsons.dumps(made))
        return
    for row in made:
        say(
            f"The new key of {row['name']} in the role {row['role']}: {row['key']}",
            f"{row['name']} 的新密钥，角色 {row['role']}：{row['key']}",
        )


@app.command("revoke")
def revoke_key(name: str, role: Only = "") -> None:
    """Revoke the keys of this name; within a few seconds they open nothing.

    Exit code 1 if it has none in force.
    """
    count = change(lambda books: books.keys.revoke(name, role))
    say(f"{count} keys were revoked", f"已吊销 {count} 个密钥")
