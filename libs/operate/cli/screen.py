"""Output at the terminal: progress lines, the welcome table, sentences for errors."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from operate.home.home import Home
from operate.home.trouble import Trouble, speaks_chinese

console = Console(highlight=False)
errors = Console(highlight=False, stderr=True)

# The roles listed first; the others follow by name.
USUAL = ("call_taker", "dispatcher", "clerk", "team_leader", "supervisor")
STATE_COLOURS = {"ready": "green", "held": "yellow", "down": "red", "no answer": "red"}


def say(english: str, chinese: str) -> None:
    console.print(chinese if speaks_chinese() else english, soft_wrap=True)


def tell(trouble: Trouble) -> None:
    # Soft wrap: long paths and commands stay in one piece and can be copied.
    errors.print(Text(str(trouble), style="red"), soft_wrap=True)


def words(english: str, chinese: str) -> str:
    return chinese if speaks_chinese() else english


@contextmanager
def waiting() -> Iterator[Callable[[str], None]]:
    """Show progress: one changing line at a terminal, one line per message in a file."""
    if not console.is_terminal:
        yield lambda doing: console.print(f"{doing} …") if doing else None
        return
    with console.status(words("starting", "正在启动")) as line:
        yield lambda doing: line.update(doing) if doing else line.stop()


def welcome(home: Home) -> None:
    """Print addresses, accounts and hints, from run.json, when everything is ready."""
    run = json.loads(home.run_file.read_text())
    console.print(
        Panel(
            Group(addresses(run), Text(), accounts(run["accounts"]), Text(), hints(home)),
            title=words("liandong is ready", "联动已就绪"),
            border_style="green",
        )
    )


def addresses(run: Mapping[str, Any]) -> Table:
    table = plain("", "")
    table.add_row(words("API", "接口"), run["gateway"])
    table.add_row("OpenAPI", f"{run['gateway']}/openapi.json")
    table.add_row("Kafka", run["kafka"])
    table.add_row("PostgreSQL", without_password(run["database"]))
    for name, process in run["processes"].items():
        if "grpc" in process:
            table.add_row(name, f"gRPC {process['grpc']}")
        if process.get("http", run["gateway"]) != run["gateway"]:
            table.add_row(name, process["http"])
    return table


def accounts(rows: Sequence[Mapping[str, str]]) -> Table:
    """A table with one account of each role; run.json has all accounts."""
    columns = words("role user unit", "角色 账号 单位")
    if not rows:
        table = plain("", "")
        table.add_row(words("accounts", "账号"), "liandong accounts add · list")
        return table
    table = plain(*columns.split())
    first = {row["role"]: row for row in reversed(rows)}
    for role in sorted(first, key=lambda role: (role not in USUAL, role)):
        row = first[role]
        table.add_row(role, row["user"], row["team"] or row["unit"])
    passwords = {row["password"] for row in rows}
    table.caption = f"{words('password of each', '密码均为')}: {', '.join(passwords)}"
    table.caption_justify = "left"
    return table


def hints(home: Home) -> Table:
    table = plain("", "")
    table.add_row(words("logs", "日志"), str(home.logs))
    table.add_row(words("for scripts", "供脚本使用"), str(home.run_file))
    table.add_row(words("try a fault", "模拟故障"), "liandong stop kafka · liandong start kafka")
    table.add_row(
        words("stop", "停止"), words("Ctrl-C, or liandong down", "Ctrl-C 或 liandong down")
    )
    return table


def plain(*columns: str) -> Table:
    table = Table(box=None, show_header=any(columns), pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def without_password(dsn: str) -> str:
    scheme, _, rest = dsn.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}{at}{host}"
