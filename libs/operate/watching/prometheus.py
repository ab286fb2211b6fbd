"""Starts Prometheus and Alertmanager for one home, with the files of deploy/prometheus."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.request import urlopen

import yaml

from operate.home.home import Home, write
from operate.home.ports import demand_free
from operate.home.trouble import Trouble
from operate.run.launch import Launch, failure, run_once
from operate.run.targets import targets_file
from operate.watching import naming
from operate.watching.packages import program, root_of

FILES = Path(__file__).parents[3] / "deploy" / "prometheus"
START = 30.0
END = 10.0
POLL = 0.1


def folder_of(home: Home) -> Path:
    return home.path / "watch"


def urls(home: Home) -> dict[str, str]:
    """Where people look."""
    ports = home.ports
    return {
        "Prometheus": f"http://127.0.0.1:{ports.prometheus}",
        "Alertmanager": f"http://127.0.0.1:{ports.alertmanager}",
    }


def configured(home: Home, files: Path = FILES) -> Path:
    """Write the configuration of this home; return its path."""
    given = yaml.safe_load((files / "prometheus.yml").read_text())
    given["rule_files"] = [str(files / name) for name in given["rule_files"]]
    [scraped] = given["scrape_configs"]
    scraped["file_sd_configs"] = [{"files": [str(targets_file(home))], "refresh_interval": "1m"}]
    address = f"127.0.0.1:{home.ports.alertmanager}"
    given["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [address]}]}]}
    folder = folder_of(home)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "prometheus.yml", yaml.safe_dump(given, sort_keys=False))
    return folder / "prometheus.yml"


def launches(home: Home, settings: Path) -> list[Launch]:
    """The two command lines; both listen at this machine alone."""
    folder, ports = folder_of(home), home.ports
    return [
        Launch(
            [
                str(program("prometheus-alertmanager")),
                f"--config.file={FILES / 'alertmanager.yml'}",
                f"--storage.path={folder / 'alertmanager'}",
                f"--web.listen-address=127.0.0.1:{ports.alertmanager}",
                "--cluster.listen-address=",
            ],
            home.logs / "alertmanager.log",
        ),
        Launch(
            [
                str(program("prometheus")),
                f"--config.file={settings}",
                f"--storage.tsdb.path={folder / 'prometheus'}",
                f"--web.listen-address=127.0.0.1:{ports.prometheus}",
                "--storage.tsdb.retention.time=30d",
                "--storage.tsdb.retention.size=2GB",
            ],
            home.logs / "prometheus.log",
        ),
    ]


def check(settings: Path) -> None:
    """Let promtool read configuration and rules first, and look whether every metric that they ask
    for exists. Raises Trouble with the words of what is wrong."""
    command = [str(program("promtool")), "check", "config", str(settings)]
    run_once(Launch(command, settings.with_name("check.log")), "promtool check config")
    naming.demand_known([Path(f) for f in yaml.safe_load(settings.read_text())["rule_files"]])


@contextmanager
def running(home: Home, settings: Path) -> Iterator[Sequence["subprocess.Popen[bytes]"]]:
    """Both run for the block, and answer when it begins. Raises Trouble."""
    ports = home.ports
    demand_free({ports.prometheus: "prometheus", ports.alertmanager: "alertmanager"})
    check(settings)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for launch, url in zip(
            launches(home, settings), reversed(urls(home).values()), strict=True
        ):
            start = launch.log.stat().st_size if launch.log.exists() else 0
            with launch.log.open("ab") as log:
                processes.append(_start(launch, log))
            _await(processes[-1], url, launch, start)
        yield processes
    finally:
        for process in reversed(processes):
            _end(process)


def _start(launch: Launch, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    root = root_of(Path(launch.argv[0]))
    return subprocess.Popen(
        launch.argv, cwd=root, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True,
    )  # fmt: skip


def _await(process: "subprocess.Popen[bytes]", url: str, launch: Launch, since: int) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with suppress(OSError), urlopen(f"{url}/-/ready", timeout=1):  # noqa: S310 - ours
            return
        time.sleep(POLL)
    raise failure(Path(launch.argv[0]).name, "it is not ready", launch.log, since)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def demand_city(home: Home) -> None:
    """Raises Trouble where no city has ever run in this home: there is nothing to watch."""
    if not targets_file(home).exists():
        raise Trouble(
            f"Nothing has run in {home.path} yet, so there is nothing to watch: make run first.",
            f"{home.path} 中尚未运行过联动，没有可监视的对象：请先执行 make run。",
        )
