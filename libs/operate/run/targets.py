"""The file from which Prometheus learns what to ask: each process once, and the supervisor."""

import json
from pathlib import Path
from typing import Any

from operate.home.home import Home, write
from operate.run.installation import Installation
from operate.run.programs import addresses_of

SUPERVISOR = "supervisor"


def targets_file(home: Home) -> Path:
    """The file of a home, for `file_sd_configs`; it stays after a stop."""
    return home.path / "prometheus-targets.json"


def remember(installation: Installation) -> None:
    """Write the file anew, atomically: Prometheus reads it again whenever it changes."""
    write(targets_file(installation.home), json.dumps(targets_of(installation), indent=1))


def targets_of(installation: Installation) -> list[dict[str, Any]]:
    """Services of one process share an address: asked twice, sums would count them twice."""
    addresses: dict[str, list[str]] = {}
    for name, each in addresses_of(installation).items():
        addresses.setdefault(each["metrics"].split("/")[2], []).append(name)
    supervisor = f"127.0.0.1:{installation.home.ports.supervisor}"
    return [
        {"targets": [address], "labels": {"process": "+".join(names)}}
        for address, names in {**addresses, supervisor: [SUPERVISOR]}.items()
    ]
