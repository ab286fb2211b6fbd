"""`liandong city`: check, load or generate the files of a city."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from operate.admin import accounts, city
from operate.admin.accounts import PACK
from operate.cli.screen import console, plain, say, words
from operate.home.home import Home
from operate.run.installation import Installation

app = typer.Typer(help="the city pack: check, load, generate", no_args_is_help=True)

Pack = Annotated[Path, typer.Argument(help="a folder with a city pack; the demo city by default")]

Count = Annotated[int, typer.Option(min=1)]


@app.command()
def check(pack: Pack = PACK) -> None:
    """Check the files, without a running service. Exit code 1 if there are errors."""
    findings = city.check(pack)
    table = plain(*words("severity what where about why", "级别 问题 位置 对象 说明").split())
    for each in findings:
        table.add_row(each.severity, each.reason, str(each.spot), each.subject, each.detail)
    if findings:
        console.print(table)
    errors = sum(each.is_error for each in findings)
    warnings = len(findings) - errors
    say(f"{errors} errors, {warnings} warnings", f"{errors} 个错误，{warnings} 个警告")
    raise typer.Exit(1 if errors else 0)


@app.command()
def load(
    pack: Pack = PACK,
    demo: Annotated[
        bool, typer.Option("--demo", help="with the demo's accounts, whose password is known")
    ] = False,
) -> None:
    """Put a city in force, as a whole; loading the same city again changes nothing."""
    installation = Installation.here(Home.here())
    with console.status(words("loading the city", "正在加载城市数据")):
        answer = asyncio.run(city.load(installation, pack))
    if demo:
        asyncio.run(accounts.load(installation, again=True))
    say(
        f"version {answer.version} is in force: {answer.changed} entries changed, "
        f"{answer.removed} removed",
        f"版本 {answer.version} 已生效：变更 {answer.changed} 项，移除 {answer.removed} 项",
    )


@app.command()
def generate(
    pack: Annotated[Path, typer.Argument(help="the folder to write")],
    counties: Count = 4,
    townships: Count = 24,
    villages: Count = 240,
    grids: Count = 1_200,
    grid_members: Count = 1_200,
) -> None:
    """Write a fictional city of any size, with the rules of the demo city."""
    with console.status(words("generating the city", "正在生成城市数据")):
        city.generate(
            pack,
            counties=counties,
            townships=townships,
            villages=villages,
            grids=grids,
            grid_members=grid_members,
        )
    say(f"{pack} is written: liandong city load {pack}", f"已写入 {pack}:liandong city load {pack}")
