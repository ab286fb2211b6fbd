"""Runs the supervisor in this process, or starts, follows and stops one in the background."""

import asyncio
import importlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import psutil
import uvloop
from prometheus_client import start_http_server

from backbone.process.settings import PORTS, SettingsError, read_settings
from operate.home import holds, leftovers
from operate.home.home import Home, read_state
from operate.home.ports import demand_free, demand_host
from operate.home.trouble import Trouble
from operate.run import identity, metrics, targets
from operate.run.adopted import Adopted, sort_out
from operate.run.boot import Boot
from operate.run.choice import Choice
from operate.run.identity import label_of
from operate.run.installation import Installation
from operate.run.programs import addresses_of, programs_of
from operate.run.supervisor import Supervisor, stays_down

Progress = Callable[[str], object]

POLL = 0.1
DOWN = 60.0
# What a supervisor in the background prints.
UP_LOG = "up.log"


def run(home: Home, choice: Choice, progress: Progress, ready: Callable[[], object]) -> None:
    """Bring everything up and keep it running until Ctrl-C or SIGTERM. Raises Trouble."""
    home.make()
    with home.locked():
        with home.undone():
            installation, adopted = prepared(home, choice)
        keep_log(home)
        targets.remember(installation)
        try:
            taken = choice.take_over
            uvloop.run(supervise(installation, adopted, progress, ready, take_over=taken))
        except Trouble as trouble:
            # A full disk explains any other failure, so it is reported first.
            raise home.is_full() or trouble from None


def prepared(home: Home, choice: Choice) -> tuple[Installation, dict[str, Adopted]]:
    """What is to be started, and what of it runs already. Raises Trouble for whatever would keep it
    from starting."""
    choice = choice.as_before(home)
    home.run_file.unlink(missing_ok=True)
    home = replace(home, ports=replace(home.ports, copies=choice.scale or {}))
    installation = Installation.chosen(home, choice.split, choice.demo)
    installation.protection.prepare(home)
    demand_settings(installation)
    held = holds.wanted(home.held)
    programs = [each for each in programs_of(installation) if not stays_down(each, held)]
    identities = [each.identity() for each in programs]
    adopted = sort_out(str(home.path), identities, of_any_release=choice.take_over)
    demand_free(ports_without(installation, adopted))
    # One that is refused before leaves what the next one has to know of what runs.
    installation.remember()
    return installation, adopted


def demand_settings(installation: Installation, ambient: Mapping[str, str] = os.environ) -> None:
    """Raise Trouble for settings that services would refuse, before starting any."""
    installation.publish_keys()
    environ = {**ambient, **installation.environment(*PORTS)}
    gateway = importlib.import_module("services.gateway.settings")
    provider = importlib.import_module("services.gateway.accounts.oidc_client")
    telephone = importlib.import_module("services.emergency.telephone")
    tracking = importlib.import_module("services.petition.tracking")
    destroying = importlib.import_module("services.population.destroying")
    try:
        for name in PORTS:
            read_settings(name, environ)
        gateway.read_gateway_settings(environ)
        gateway.read_required_second_factors(environ)
        provider.read_client(environ)
        telephone.read_provider(environ)
        tracking.read_limits(environ)
        destroying.file_of(environ)
        if environ["LIANDONG_LOG"] not in logging.getLevelNamesMapping():
            raise SettingsError(f"LIANDONG_LOG is not a level: {environ['LIANDONG_LOG']!r}")
    except SettingsError as error:
        raise Trouble(
            f"A setting is wrong: {error}. Correct it in the environment, then run it again.",
            f"设置有误：{error}。请更正环境变量后重新执行。",
        ) from error
    demand_host(environ.get("LIANDONG_HOST") or "127.0.0.1")


def ports_without(installation: Installation, adopted: Mapping[str, Adopted]) -> dict[int, str]:
    """The ports that are still to be free: those of adopted processes are in use, rightly."""
    run = {name for identity in adopted for name in label_of(identity).split("+")}
    return {port: name for port, name in installation.wanted_ports().items() if name not in run}


async def supervise(
    installation: Installation,
    adopted: Mapping[str, Adopted],
    progress: Progress,
    ready: Callable[[], object],
    *,
    take_over: bool = False,
) -> None:
    supervisor = Supervisor(
        installation.home, programs_of(installation), Boot(installation), addresses_of(installation)
    )
    # Of another release: a service may need migrations that the boot has yet to make.
    supervisor.adopt(adopted, at_once=not take_over)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            loop.add_signal_handler(number, supervisor.stop)
    telling = asyncio.create_task(tell(supervisor, progress))
    page, _ = start_http_server(
        installation.home.ports.supervisor, "127.0.0.1", registry=metrics.REGISTRY
    )
    try:
        await supervisor.run(ready)
    finally:
        telling.cancel()
        page.shutdown()
        page.server_close()


async def tell(supervisor: Supervisor, progress: Progress) -> None:
    last = ""
    while True:
        if supervisor.doing != last:
            last = supervisor.doing
            progress(last)
        await asyncio.sleep(POLL)


def keep_log(home: Home) -> None:
    """Log the events of the children to supervisor.log, beside their own logs."""
    logging.basicConfig(
        filename=home.logs / "supervisor.log",
        format="%(asctime)s %(levelname)s %(message)s",
        level=logging.INFO,
        force=True,
    )


def detach(
    home: Home, choice: Choice, environ: Mapping[str, str] = os.environ
) -> subprocess.Popen[bytes]:
    """Start the supervisor in the background; its output goes to files."""
    home.make()
    if home.supervisor():
        raise home.in_use()
    # The file of a killed supervisor would say that everything is ready already.
    home.run_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "operate.cli.command", "up", *choice.options]
    with (home.logs / UP_LOG).open("wb") as said, told(home).open("wb") as trouble:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=trouble,
            env={**environ, "COLUMNS": "200"},
            start_new_session=True,
        )


def told(home: Home) -> Path:
    """The file for the error of a supervisor in the background."""
    return home.logs / "trouble.log"


def gave_up(home: Home) -> Trouble:
    """The Trouble that the supervisor wrote, already in the language of this terminal. A home in
    which nothing has started is left empty."""
    said = told(home).read_text().strip()
    if not home.secret.exists():
        for each in (told(home), home.logs / UP_LOG):
            each.unlink(missing_ok=True)
        home.leave()
    if said:
        return Trouble(said, said)
    return Trouble(
        f"The supervisor ended without a message; its log is {home.logs / 'supervisor.log'}.",
        f"守护进程已退出且没有说明原因；其日志为 {home.logs / 'supervisor.log'}。",
    )


def follow(home: Home, process: subprocess.Popen[bytes], progress: Progress) -> None:
    """Wait until everything is ready. Raises the Trouble of the supervisor if it ends."""
    last = ""
    while not (home.run_file.exists() and home.supervisor() == process.pid):
        if process.poll() is not None:
            raise gave_up(home)
        doing = read_state(home).get("doing", "")
        if doing not in ("", last):
            progress(doing)
            last = doing
        time.sleep(POLL)


def end(home: Home) -> bool:
    """Stop the supervisor, and end leftovers of an earlier one; return whether anything ran."""
    pid = home.supervisor()
    if pid:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + DOWN
        while home.supervisor() == pid:
            if time.monotonic() > deadline:
                raise Trouble(
                    f"The supervisor (pid {pid}) does not stop: end it with kill -9 {pid}, "
                    "then run the same command again.",
                    f"守护进程（pid {pid}）未能停止：请执行 kill -9 {pid}，然后重新执行同一命令。",
                )
            time.sleep(POLL)
    left = leftovers.find(str(home.path)) if home.path.exists() else []
    leftovers.end(left)
    return bool(pid or left)


def take_over(home: Home, progress: Progress) -> None:
    """Replace the supervisor by one of the code that is installed now, with the same settings; what
    it started goes on, and is the new one's. One that has this code already stays. Raises Trouble,
    with nothing changed, for settings that the new code refuses.

    Only the new code knows what its services have to be started with.
    """
    pid = home.supervisor()
    code = home.remembered().get("supervisor")
    if pid is None or code == identity.of_the_supervisor():
        return
    old = psutil.Process(pid)
    environ, chosen = old.environ(), Choice.said_in(old.cmdline())
    demand_settings(Installation.here(home), environ)
    old.kill()  # as a signal it would end its children
    deadline = time.monotonic() + DOWN
    while home.supervisor() == pid and time.monotonic() < deadline:
        time.sleep(POLL)
    follow(home, detach(home, replace(chosen, take_over=True), environ), progress)
