"""A rolling restart: only where another copy serves, and never two of a service at once."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from operate.home.home import Home
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.run import control


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(Home, "supervisor", lambda self: 1)
    home = Home(tmp_path / "run", Ports(9600))
    home.make()
    return home


def runs(home: Home, states: dict[str, str], together: tuple[str, ...] = ()) -> None:
    told: dict[str, Any] = {
        name: {
            "state": state,
            "last_failure": "",
            "shares_with": [n for n in together if n != name and name in together],
        }
        for name, state in states.items()
    }
    home.state.write_text(json.dumps({"ready": True, "processes": told}))


READY = dict.fromkeys(
    ["gateway", "alarm", "petition", "dispute", "gateway-2", "petition-2"], "ready"
)


@pytest.mark.parametrize(
    ("names", "once"),
    [
        (["gateway"], ""),
        (["gateway-2"], ""),
        (["gateway", "alarm"], "alarm"),
        (["petition"], "dispute"),  # which shares its process and has no other
    ],
)
def test_what_runs_once_is_not_restarted_rolling(home: Home, names: list[str], once: str) -> None:
    runs(home, READY, together=("petition", "dispute"))
    if not once:
        control.demand_copies(home, names)
        return
    with pytest.raises(Trouble, match=f"no other copy of {once}.*--scale {once}=2"):
        control.demand_copies(home, names)


def test_a_copy_that_is_held_down_does_not_serve(home: Home) -> None:
    runs(home, READY | {"gateway-2": "held"})
    with pytest.raises(Trouble, match="no other copy of gateway"):
        control.demand_copies(home, ["gateway"])


def test_the_second_copy_waits_until_callers_have_found_the_first(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs(home, READY)
    now, told = [100.0], list[str]()

    def restart(home: Home, together: Sequence[str]) -> bool:
        told.append(f"{together[0]} at {now[0]:.1f}")
        now[0] += 0.5
        return True

    monkeypatch.setattr(control, "restart", restart)
    monkeypatch.setattr(control.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(control.time, "sleep", lambda s: now.__setitem__(0, now[0] + s))
    assert control.again(home, ["gateway"]) == ["gateway", "gateway-2"]
    assert told == ["gateway at 100.0", f"gateway-2 at {100.5 + control.SETTLING:.1f}"]
