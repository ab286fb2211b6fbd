"""`liandong archive`: months of ended records into files, by policy."""

import asyncio
import json as jsons
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from backbone.postgres.numbers import today
from operate.admin.export import plain_of
from operate.archive import journey
from operate.archive.journey import Archived
from operate.cli.screen import console, plain, say, words
from operate.home.home import Home
from operate.home.outside import demand_outside
from operate.home.trouble import Trouble
from operate.run.installation import Installation

Place = Annotated[Path | None, typer.Argument(help="the folder of the archives")]
Look = Annotated[bool, typer.Option(help="only say what would be archived")]
Show = Annotated[str, typer.Option(help="print the archived steps of the record with this id")]
Elsewhere = Annotated[
    str,
    typer.Option(envvar="LIANDONG_ANCHORS", help="the file of anchors: it gets the hashes, too"),
]
From = Annotated[str, typer.Option(help="the folder, if it is not where they were written")]


def archive(
    place: Place = None,
    look: Look = False,
    show: Show = "",
    archives: From = "",
    anchors: Elsewhere = "",
) -> None:
    """Write months of ended records to files, and take them out of the database.

    deploy/retention.yaml, or the file LIANDONG_RETENTION, says when. `liandong verify` proves files
    and database together.
    """
    installation = Installation.here(Home.here())
    if show:
        _print(asyncio.run(journey.show(installation, _id(show), archives)))
        return
    if place is None and not look:
        raise Trouble(
            "Name the folder for the archives, or say --look.", "请指定档案文件夹，或加 --look。"
        )
    if place is not None:
        demand_outside(installation.home.path, place)
    folder = (place or Path()).absolute()
    with console.status("") as waiting:

        def tell(service: str, month: int) -> None:
            waiting.update(f"{service}.{month}")

        asked = journey.archive(installation, folder, today(), tell, elsewhere=anchors, look=look)
        done = asyncio.run(asked)
    _report(done)
    if look:
        say("Nothing was changed.", "未作任何更改。")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Trouble(f"{text!r} is no id.", f"{text!r} 不是编号。") from error


def _print(rows: list[dict[str, object]]) -> None:
    if not rows:
        raise Trouble(
            "No archive has this record: its steps are in the database.",
            "档案中没有该记录：其步骤仍在数据库中。",
        )
    for row in rows:
        print(jsons.dumps({name: plain_of(value) for name, value in row.items()}))


def _report(done: list[Archived]) -> None:
    heads = words("service months rows gone stay", "服务 月份 行数 移出 保留")
    table = plain(*heads.split())
    for each in done:
        months = ", ".join(map(str, each.months)) or "–"
        counts = (f"{each.rows:,}", f"{each.records:,}", f"{each.stay:,}")
        table.add_row(each.service, months, *counts)
    console.print(table)
    ripe = [
        f"{each.service}.{month}"
        for each in done
        for month, end in each.may_go.items()
        if end is not None and end < today().year * 100 + today().month
    ]
    if ripe:
        say(
            f"Past the years that the policy names: {', '.join(ripe)}. No program deletes an "
            "archive: a person appraises it (档案法) first.",
            f"已超过规定年限：{'、'.join(ripe)}。程序不删除档案，须先经鉴定（档案法）。",
        )
