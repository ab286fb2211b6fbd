"""`liandong backup` and `liandong restore`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from operate.backup import journey
from operate.cli.screen import say
from operate.home.home import Home
from operate.home.trouble import Trouble

Place = Annotated[Path, typer.Argument(help="a folder; each backup is a new folder in it")]
Copy = Annotated[Path | None, typer.Option("--keys", help="write a copy of the keys to this file")]
Backup = Annotated[Path | None, typer.Argument(help="the folder that `liandong backup` made")]
From = Annotated[Path | None, typer.Option("--keys", help="the copy of the keys, a file")]
List = Annotated[
    Path | None, typer.Option("--forgotten", help="the list of destroyed keys of the lost city")
]
Forget = Annotated[bool, typer.Option(help="delete the topics of a Kafka of your own")]
InPlace = Annotated[bool, typer.Option(help="the database went back by PostgreSQL's own recovery")]


def backup(place: Place, keys: Copy = None) -> None:
    """Back up the city, while it works. The keys are never in a backup."""
    home = Home.here()
    made, manifest = asyncio.run(journey.back_up(home, place.absolute(), keys and keys.absolute()))
    rows = sum(part.rows for part in manifest.parts)
    say(
        f"{made}: {rows} rows of {len(manifest.parts)} tables, as of {manifest.time}",
        f"{made}：{len(manifest.parts)} 张表 {rows} 行，截至 {manifest.time}",
    )
    if keys is None:
        say(
            f"It cannot be restored without the keys in {home.secret}: keep a copy of that file "
            "in another place (--keys FILE).",
            f"没有 {home.secret} 中的密钥就无法恢复：请在另一处保存该文件的副本（--keys 文件）。",
        )


def restore(
    folder: Backup = None,
    keys: From = None,
    forgotten: List = None,
    forget_kafka: Forget = False,
    in_place: InPlace = False,
) -> None:
    """Bring a city back into an empty home. Exit code 1 if a record differs from its journal."""
    home = Home.here()
    if (folder is None) is not in_place:
        raise Trouble(
            "Name the folder of a backup, or say --in-place for a database that went back by "
            "PostgreSQL's own recovery; one of both.",
            "请指定备份文件夹；若数据库已用 PostgreSQL 自身的恢复回退，请加 --in-place。二者择一。",
        )
    if folder is None:
        done = asyncio.run(journey.adopt(home, forget_kafka))
    else:
        asked = (keys and keys.absolute(), forget_kafka, forgotten)
        done = asyncio.run(journey.restore(home, folder.absolute(), *asked))
        say(
            f"{done.rows} rows are back, as of {done.time}: what was acknowledged before is here, "
            "what came later is not.",
            f"已恢复 {done.rows} 行，截至 {done.time}：此前已确认的都在，此后的没有。",
        )
    report(done)
    raise typer.Exit(1 if done.flaws else 0)


def report(done: journey.Restored) -> None:
    """Print the migrations that followed, the result of the proof, and the next command."""
    if done.since:
        say(
            f"It was of an older release: {len(done.since)} migrations brought its schemas up to "
            f"date, from {done.since[0]} to {done.since[-1]}.",
            f"其数据来自较早的版本：已应用 {len(done.since)} 个迁移使数据库结构更新到当前版本，"
            f"自 {done.since[0]} 至 {done.since[-1]}。",
        )
    say(
        f"{done.folded} records were folded from their journals, {len(done.flaws)} flaws",
        f"由日志重算 {done.folded} 条记录，不符 {len(done.flaws)} 处",
    )
    for flaw in done.flaws[:20]:
        print(f"  {flaw.where} {flaw.what}")
    if done.aside:
        say(
            f"Kafka's data of the time that is lost was put aside: {done.aside}. Delete it when "
            "you have looked at it.",
            f"已将回退前的 Kafka 数据移到 {done.aside}，核对后可删除。",
        )
    say(
        "All persons sign in anew, terminals fetch their mailboxes anew, and the next "
        "`liandong up` fills Kafka from the journals.",
        "所有人员需重新登录，终端重新取件；下次 liandong up 时由日志重新填充 Kafka。",
    )
