"""The environment of each service as a file, for systemd, containers and Kubernetes.

`NAME=value` lines that an EnvironmentFile of systemd, an env_file of compose and `kubectl create
secret --from-env-file` read alike, so nothing in them is quoted. Beside them stands whom Prometheus
has to ask, for a city that no supervisor of ours runs.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from backbone.process.settings import PORTS, SIGNERS
from backbone.process.wires import FOLDER
from operate.home import elsewhere
from operate.home.home import write
from operate.home.trouble import Trouble
from operate.run.installation import Installation

TARGETS = "prometheus-targets.json"
# Signs that the three readers read differently: quotes, backslashes, blanks, line ends.
ODD = re.compile(r"[\s\"'\\$]")


def hand_out(installation: Installation, out: Path, place: Path) -> list[str]:
    """Write `<service>.env` for every service, `signers.json` and the targets of Prometheus into
    `out`; return their names.

    `place` is the folder in which the services find signers.json and certificates where they run.
    Raises Trouble for a value that cannot stand in such a file.
    """
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in PORTS:
        write(out / f"{name}.env", lines(environment_at(installation, name, place)))
    write(out / "signers.json", installation.publish_keys().read_text(), 0o644)
    write(out / TARGETS, json.dumps(targets_in(os.environ), indent=1), 0o644)
    return [*(f"{name}.env" for name in PORTS), "signers.json", TARGETS]


def targets_in(environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each process once, with the name that alerts call it by. Those behind a name with dns:///
    are left to Prometheus' own discovery (deploy/prometheus/kubernetes.yml)."""
    found: list[dict[str, Any]] = []
    for service in PORTS:
        address = elsewhere.metrics_address(service, environ)
        if not address.startswith(elsewhere.DNS):
            for name, end in elsewhere.named(service, address.split(",")).items():
                found.append({"targets": [end], "labels": {"process": name}})
    return found


def environment_at(installation: Installation, name: str, place: Path) -> dict[str, str]:
    """The environment of a service that runs elsewhere: with the paths of that machine."""
    told = dict(installation.environment(name))
    del told["LIANDONG_HOME"]  # the home is the operator's; a service has none
    told[SIGNERS] = str(place / "signers.json")
    here, there = told.get(FOLDER), str(place / "certificates")
    if here is None:
        return told
    moved = {key: value.replace(quote_plus(here), quote_plus(there)) for key, value in told.items()}
    return moved | {FOLDER: there}


def lines(told: dict[str, str]) -> str:
    """Raises Trouble for a value that systemd, compose and kubectl would read differently."""
    if odd := [name for name, value in told.items() if ODD.search(value)]:
        raise Trouble(
            f"{', '.join(odd)}: quotes, blanks, $ and backslashes cannot stand in an environment "
            "file; in an address write them as %22, %27, %20, %24, %5C.",
            f"{'、'.join(odd)} 中不能含有引号、空格、$ 或反斜杠；"
            "在地址中请写作 %22、%27、%20、%24、%5C。",
        )
    return "".join(f"{name}={value}\n" for name, value in told.items())
