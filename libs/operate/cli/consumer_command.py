"""`liandong consumers`: how the followers of events stand, and letting a stopped one go on."""

import asyncio
import json as jsons
from typing import Annotated

import typer

from operate.admin import standing
from operate.cli.deadletter_command import tell_silent
from operate.cli.screen import console, plain, say, words
from operate.home.home import Home
from operate.home.trouble import Trouble
from operate.run.installation import Installation

app = typer.Typer(help="followers of events: list, resume", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="for scripts")]


@app.command("list")
def list_consumers(json: Json = False) -> None:
    """List all consumers. Exit code 1 if one stands still, or a service does not answer."""
    rows, silent = asyncio.run(standing.consumers(Installation.here(Home.here())))
    if json:
        print(jsons.dumps(rows, ensure_ascii=False))
    else:
        titles = words(
            "group state lag_s parked refused", "消费组 状态 滞后秒数 暂存事件 未处理联动"
        )
        table = plain(*titles.split())
        for row in rows:
            stopped = words("stopped", "已停止") if row["stopped"] else words("runs", "运行中")
            table.add_row(
                row["group"],
                stopped,
                "–" if row["lag_seconds"] is None else f"{row['lag_seconds']}",
                *(f"{row[of]}" for of in ("parked", "refused")),
            )
        console.print(table)
    tell_silent(silent)
    raise typer.Exit(1 if silent or any(row["stopped"] or row["parked"] for row in rows) else 0)


@app.command()
def resume(
    group: Annotated[str, typer.Argument(help="as `liandong consumers list` says")] = "",
    every: Annotated[bool, typer.Option("--all", help="all that have stopped, instead")] = False,
) -> None:
    """Let a stopped consumer go on where it stopped, after its cause was mended. Exit code 1 if a
    service does not answer."""
    if every == bool(group):
        raise Trouble(
            "Give either a group, as `liandong consumers list` shows it, or --all.",
            "请给出消费组（见 liandong consumers list），或者使用 --all，二者择一。",
        )
    if every:
        groups, silent = asyncio.run(standing.resume_all(Installation.here(Home.here())))
        told = ", ".join(groups)
        say(
            f"{told} go on" if groups else "none was stopped",
            f"{told} 已恢复运行" if groups else "没有停止的消费组",
        )
        tell_silent(silent)
        raise typer.Exit(1 if silent else 0)
    if asyncio.run(standing.resume(Installation.here(Home.here()), group)):
        say(f"{group} goes on", f"{group} 已恢复运行")
    else:
        say(f"{group} was not stopped", f"{group} 并未停止")
