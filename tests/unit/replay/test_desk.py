"""What the simulated call-taker does when the city does not take an end as planned."""

from collections.abc import Mapping
from typing import Any

import pytest

from operate.replay import made_day
from operate.replay.client import Answer, Refused
from operate.replay.desk import Desk
from operate.replay.ledger import Case, Ledger
from operate.replay.plan import End, Planned, plan
from operate.replay.rows import Call
from tests.replayed import demo_city


class Recorder:
    """Answers every write, but refuses a link for this reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason
        self.verbs: list[str] = []

    async def post(self, path: str, key: str, body: Mapping[str, Any]) -> Answer:
        verb = key.rpartition("/")[2]
        self.verbs.append(verb)
        if verb == "link":
            raise Refused(409, {"reason": self._reason})
        number = key.rpartition("#")[2].partition("/")[0]
        answer = {"id": number, "code": number, "grid": None, "incident": {"unit": "u"}}
        return Answer(answer, False, 0.0)


def a_repeat(priority: str) -> tuple[Planned, Planned]:
    """The call that opens a matter, and one that repeats it."""
    calls = [row for row in made_day.make(demo_city(), 900).rows if isinstance(row, Call)]
    planned = {each.call.key: each for each in plan(calls)}
    repeats = [each for each in planned.values() if each.end is End.LINKED]
    repeat = next(each for each in repeats if each.call.priority == priority)
    return planned[repeat.about], repeat


async def taken(reason: str, priority: str) -> tuple[Recorder, list[Case]]:
    recorder, opened = Recorder(reason), list[Case]()
    desk: Any = Desk(recorder, demo_city(), Ledger(), lambda team: None, opened.append)  # type: ignore[arg-type]
    about, repeat = a_repeat(priority)
    desk.expect([about, repeat])
    await desk.take(about)
    recorder.verbs.clear()
    await desk.take(repeat)
    return recorder, opened


@pytest.mark.parametrize(
    ("priority", "verbs"),
    [("P3", ["receive", "link", "open"]), ("P1", ["receive", "link", "dispatch", "open"])],
)
async def test_a_repeat_of_a_matter_that_is_over_by_now_is_a_new_matter(
    priority: str, verbs: list[str]
) -> None:
    recorder, opened = await taken("INCIDENT_OVER", priority)
    assert (recorder.verbs, len(opened)) == (verbs, 2)


async def test_any_other_refusal_of_a_link_is_told() -> None:
    with pytest.raises(Refused, match="NO_SUCH_INCIDENT"):
        await taken("NO_SUCH_INCIDENT", "P3")
