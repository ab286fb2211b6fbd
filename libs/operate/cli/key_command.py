"""`liandong keys`: makes, lists and revokes the API keys of departments' and partners' systems."""

import asyncio
import json as jsons
from typing import Annotated

import typer

from operate.admin import api_keys
from operate.cli.screen import console, plain, say, words
from operate.home.home import Home
from operate.run.installation import Installation

app = typer.Typer(help="API keys of systems: add, list, revoke", no_args_is_help=True)

Role = Annotated[str, typer.Option(help="a role code, such as partner or clerk")]


@app.command("add")
def add_key(
    role: Role,
    unit: Annotated[str, typer.Option(help="the code of its unit, or a kind that is unique")],
    name: Annotated[str, typer.Option(help="shown where it acts; by default the unit")] = "",
    json: Annotated[bool, typer.Option("--json", help="for scripts")] = False,
) -> None:
    """Make a key and show it once; only its hash is kept."""
    installation = Installation.here(Home.here())
    code, key = asyncio.run(api_keys.add(installation, unit, role, name))
    if json:
        print(jsons.dumps({"unit": code, "role": role, "name": name or code, "key": key}))
        return
    say(
        f"A key of {code} in the role {role}. It is shown only now: {key}",
        f"{code} 的密钥，角色 {role}。仅显示这一次：{key}",
    )


@app.command("list")
def list_keys(
    json: Annotated[bool, typer.Option("--json", help="for scripts")] = False,
) -> None:
    """List names, roles and units of all keys. The keys themselves are never shown."""
    keys, dsn = api_keys.store(Installation.here(Home.here()))
    rows = asyncio.run(keys.list_keys(dsn))
    if json:
        print(jsons.dumps(rows, default=str))
        return
    table = plain(*words("name role unit team", "名称 角色 单位 队伍").split(), "")
    for row in rows:
        state = words("revoked", "已吊销") if row["disabled"] else ""
        table.add_row(row["name"], row["role"], row["unit"], row["team"], state)
    console.print(table)


@app.command("revoke")
def revoke_key(
    name: str, role: Annotated[str, typer.Option(help="only the keys of this role")] = ""
) -> None:
    """Revoke the keys of this name; within a few seconds they open nothing."""
    keys, dsn = api_keys.store(Installation.here(Home.here()))
    count = asyncio.run(keys.revoke_keys(dsn, name, role))
    say(f"{count} keys were revoked", f"已吊销 {count} 个密钥")
    raise typer.Exit(0 if count else 1)
