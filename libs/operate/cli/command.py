"""The `liandong` command line: one function per verb, which calls the other rooms."""

import asyncio
import importlib
import json as jsons
import logging
import os
import sys
from typing import Annotated

import typer

from backbone.process.settings import PORTS
from operate.admin import doctor, status
from operate.cli import (
    account_command,
    archive_command,
    backup_command,
    certificate_command,
    city_command,
    consumer_command,
    deadletter_command,
    deputy_command,
    env_command,
    guard,
    key_command,
    link_command,
    screen,
    seal_command,
    upgrade_command,
    verify_command,
    watch_command,
)
from operate.cli.screen import say
from operate.home import copies, elsewhere
from operate.home.home import Home
from operate.run import control, runner
from operate.run.choice import Choice

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(account_command.app, name="accounts")
app.add_typer(certificate_command.app, name="certificates")
app.add_typer(city_command.app, name="city")
app.add_typer(consumer_command.app, name="consumers")
app.add_typer(deadletter_command.app, name="deadletters")
app.add_typer(deputy_command.app, name="deputies")
app.add_typer(key_command.app, name="keys")
app.add_typer(link_command.app, name="links")
app.add_typer(seal_command.app, name="seals")
app.command("env")(env_command.env)
app.command("verify")(verify_command.verify)
app.command("upgrade")(upgrade_command.upgrade)
app.command("archive")(archive_command.archive)
app.command("backup")(backup_command.backup)
app.command("restore")(backup_command.restore)

app.command("watch")(watch_command.watch)

Json = Annotated[bool, typer.Option("--json", help="for scripts")]
Split = Annotated[bool, typer.Option(help="each service in a process of its own")]
Scale = Annotated[
    str,
    typer.Option(
        metavar="SERVICE=N,…",
        help="run services several times, such as gateway=2,workflow-stream=2; all=2 is each",
    ),
]
Demo = Annotated[
    bool | None,
    typer.Option(
        "--demo/--no-demo",
        help="load the accounts of the demo city, with a known password; by default only into a "
        "database of liandong's own, and only once",
    ),
]
TakeOver = Annotated[bool, typer.Option("--take-over", hidden=True)]
Names = Annotated[list[str] | None, typer.Argument(help="services; without any, all of them")]
Rolling = Annotated[
    bool,
    typer.Option("--rolling", help="only where another copy serves meanwhile; see up --scale"),
]
Name = Annotated[str, typer.Argument(help="as `liandong status` lists them")]


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="show the details of unexpected errors")
    ] = False,
) -> None:
    """联动 liandong: run, watch and examine a local installation."""
    if debug:
        os.environ["LIANDONG_LOG"] = "DEBUG"


@app.command()
def up(
    detach: Annotated[bool, typer.Option(help="return when everything is ready")] = False,
    split: Split = False,
    demo: Demo = None,
    take_over: TakeOver = False,
    scale: Scale = "",
) -> None:
    """Start everything; without --detach, run until Ctrl-C."""
    times = copies.read_scale(scale) if scale else None
    home, choice = Home.here(), Choice(split, demo, take_over, times)
    with screen.waiting() as waiting:

        def ready() -> None:
            waiting("")
            screen.welcome(home)

        if detach:
            runner.follow(home, runner.detach(home, choice), waiting)
            ready()
        else:
            runner.run(home, choice, waiting, ready)
    if not detach:
        say("stopped; the data stays", "已停止，数据保留")


@app.command()
def down() -> None:
    """Stop everything; the data is kept."""
    if runner.end(Home.here()):
        say("stopped; the data stays", "已停止，数据保留")
    else:
        say("nothing was running", "没有正在运行的进程")


@app.command("status")
def show_status(json: Json = False) -> None:
    """Show the state of each process. Exit code 1 if one is not ready."""
    found = asyncio.run(status.examine(Home.here()))
    if json:
        print(jsons.dumps(found, ensure_ascii=False))
    elif found["running"]:
        status.show(found)
    elif alone := found["unsupervised"]:
        say(
            f"the supervisor is gone; {len(alone)} processes run without it: liandong up --detach "
            "adopts them, without an outage",
            f"守护进程已不在，{len(alone)} 个进程仍在运行："
            "执行 liandong up --detach 可接管，不中断服务",
        )
    else:
        say(
            f"not running: make run, or liandong up; {elsewhere.RUN_BY} says what else runs a city",
            f"未运行：请执行 make run 或 liandong up；若由其他程序运行，请设 {elsewhere.RUN_BY}",
        )
    raise typer.Exit(0 if found["ready"] else 1)


@app.command()
def stop(name: Name) -> None:
    """Stop one process and hold it down until `liandong start NAME`."""
    shared = control.hold(Home.here(), name)
    say(f"{name} is held down{also(shared)}", f"{name} 已停住{also(shared)}")


@app.command()
def start(name: Name) -> None:
    """Start a process that is held down, and wait until it is ready."""
    shared = control.let_go(Home.here(), name)
    say(f"{name} is ready{also(shared)}", f"{name} 已就绪{also(shared)}")


@app.command()
def restart(names: Names = None, rolling: Rolling = False) -> None:
    """Restart processes one after the other: those of the named services, or of all."""
    home = Home.here()
    chosen = names or list(PORTS)
    if rolling:
        control.demand_copies(home, chosen)
    done = ", ".join(control.again(home, chosen))
    say(f"restarted: {done or 'none'}", f"已重启：{done or '无'}")


@app.command("doctor")
def examine() -> None:
    """Check the machine and the installation, and suggest remedies."""
    raise typer.Exit(0 if asyncio.run(doctor.examine(Home.here())) else 1)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def replay(context: typer.Context) -> None:
    """Replay a day of calls or petitions, and check that the counts agree."""
    part = importlib.import_module("operate.replay.command")
    raise typer.Exit(part.main(context.args))


def also(shared: list[str]) -> str:
    if not shared:
        return ""
    names = ", ".join(shared)
    return screen.words(f" (and {names}, which share its process)", f"（同一进程：{names}）")


def main() -> None:
    """The entry point: prints an error as one sentence, without a traceback."""
    # Without a broker these log every attempt; the command prints one sentence.
    for noisy in ("aiokafka", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    code = guard.run(app)
    sys.stdout.flush()
    # Not sys.exit, which would wait for a download in a thread.
    os._exit(code)


if __name__ == "__main__":
    main()
