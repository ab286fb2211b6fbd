"""What `liandong status` says: every process is asked right now, whatever it was a moment ago."""

from pathlib import Path
from typing import Any

import pytest

from operate.admin import status
from operate.home.home import Home
from operate.home.ports import Ports


def processes(**states: str) -> dict[str, dict[str, Any]]:
    return {name: {"state": state, "pid": None} for name, state in states.items()}


async def examined(
    monkeypatch: pytest.MonkeyPatch, flaws: dict[str, list[str]], **states: str
) -> dict[str, Any]:
    async def flaws_of(home: Home, name: str) -> list[str]:
        return flaws.get(name, [])

    told = {"ready": True, "processes": processes(**states)}
    monkeypatch.setattr(status, "read_state", lambda home: told)
    monkeypatch.setattr(status, "flaws_of", flaws_of)
    return await status.examine(Home(Path("nowhere"), Ports()))


async def test_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await examined(monkeypatch, {}, alarm="ready", kafka="held")
    assert found["ready"] is True


async def test_a_process_that_was_ready_once_and_answers_no_more_is_not_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = await examined(monkeypatch, {"alarm": ["no answer"]}, alarm="ready", kafka="ready")
    assert found["ready"] is False
    assert found["processes"]["alarm"]["flaws"] == ["no answer"]


async def test_what_is_held_down_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await examined(monkeypatch, {"kafka": ["no answer"]}, alarm="ready", kafka="held")
    assert found["ready"] is True
    assert found["processes"]["kafka"]["flaws"] == []
