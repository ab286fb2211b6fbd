"""`liandong upgrade`: says what it would do, and does it if that is said."""

import asyncio
from typing import Annotated

import typer

from operate.admin import due, upgrading
from operate.cli.screen import console, say, words
from operate.home.home import Home
from operate.run import control, runner
from operate.run.installation import Installation

Yes = Annotated[bool, typer.Option("--yes", help="do it; without, only say what would be done")]
Names = Annotated[
    list[str] | None,
    typer.Argument(help="restart these services alone, to try the release; by default all of them"),
]


def upgrade(names: Names = None, yes: Yes = False) -> None:
    """Migrate the running city and restart its services one by one, with the code installed now."""
    home = Home.here()
    for name in (*control.running(home), *(names or ())):
        control.known(home, name)  # raises Trouble if none runs, or for a name that is none
    installation = Installation.here(home)
    asked = asyncio.run(upgrading.plan(installation))
    tell(asked)
    if not yes:
        say(
            "Nothing was changed. `liandong backup` first; `liandong upgrade --yes` does it.",
            "未作任何更改。请先 liandong backup；确认执行请用 liandong upgrade --yes。",
        )
        return
    applied = asyncio.run(upgrading.perform(installation, asked))
    say(f"{len(applied)} migrations applied", f"已应用 {len(applied)} 个迁移")
    with console.status(words("the supervisor is replaced", "正在更换守护进程")):
        runner.take_over(home, lambda doing: None)
    with console.status(words("restarting the services", "正在逐个重新启动各服务")):
        done = ", ".join(upgrading.roll(installation, names or ()))
    say(f"Restarted one after the other: {done}", f"已逐个重新启动：{done}")


def tell(asked: due.Plan) -> None:
    """The migrations that are due, and what speaks against running them beside a city."""
    for name in asked.due:
        print(f"  {name}{'  (contract)' if name in asked.contracts else ''}")
        for flaw in asked.flaws.get(name, ()):
            print(f"      {flaw}")
    say(
        f"{len(asked.due)} migrations are due, {len(asked.flaws)} of them would block or break "
        "what runs. Then the supervisor is replaced, and every service restarted, one after the "
        "other.",
        f"待应用迁移 {len(asked.due)} 个，其中 {len(asked.flaws)} 个会阻塞或影响正在运行的版本。"
        "随后更换守护进程，并逐个重新启动各服务。",
    )
