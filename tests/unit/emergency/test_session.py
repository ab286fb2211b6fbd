"""A terminal gets every push and step once, however commits, wakes and reads follow each other."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from backbone.door.rows import Rows
from services.emergency import storage
from services.emergency.deciders import missions
from services.emergency.pressed import Pressed
from services.emergency.session import Session
from tests.unit.emergency.missions import DISPATCH, NOW, after

MISSION = after(DISPATCH)
ROW = {
    "id": MISSION.id,
    "version": MISSION.version,
    "shape": missions.table.shape,
    "doc": missions.to_doc(MISSION),
    "hash": b"",
    "proof": None,
}
TEAM = MISSION.order.team


@dataclass
class Mailbox:
    """Stands where the database is: a read sees the commits before its begin, and no later one."""

    chance: Random
    pushes: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)

    def commit(self) -> None:
        if self.chance.random() < 0.5:
            entry = {"seq": len(self.pushes) + 1, "push": len(self.pushes) + 1, "revision": 1}
            more = {"attempt": 1, "kind": "MISSION", "traceparent": "", "priority": "P1"}
            self.pushes.append(ROW | entry | more | {"age": 0.0})
        else:
            told = {"team": TEAM, "step": len(self.steps) + 1, "after_seq": len(self.pushes)}
            more = {"mission": MISSION.id, "kind": "EN_ROUTE", "state": "EN_ROUTE", "revision": 1}
            more |= {"signed": 1, "who": "lee", "time": NOW, "step_proof": None}
            self.steps.append(ROW | told | more)

    async def fetchrow(self, statement: str, team: str) -> tuple[int, int, int, int]:
        assert statement == storage.MAILBOX
        found = (1, len(self.pushes), len(self.pushes), len(self.steps))
        await self._later()
        return found

    async def fetch(self, statement: str, team: str, after: int, *_: Any) -> list[dict[str, Any]]:
        last = {"last_step": len(self.steps)}
        if statement == storage.STEPS:
            found = [each for each in self.steps if each["step"] > after]
        else:
            found = [each | last for each in self.pushes if each["push"] > after]
        await self._later()
        return found

    async def _later(self) -> None:
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)


@dataclass
class Terminal:
    """Takes the frames, and checks that each cursor passes over nothing that was not sent."""

    mailbox: Mailbox
    got: Counter[tuple[str, int]] = field(default_factory=Counter)
    welcomed: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, session: Session) -> None:
        async for frame in session.frames("", "one"):
            self.welcomed.set()
            if frame.HasField("push"):
                self.take(("push", frame.push.seq), int(frame.push.cursor))
            elif frame.HasField("step"):
                self.take(("step", frame.step.step), int(frame.step.cursor))

    def take(self, part: tuple[str, int], cursor: int) -> None:
        self.got[part] += 1
        before = {("push", seq) for seq in range(1, cursor + 1)}
        steps = (each for each in self.mailbox.steps if each["after_seq"] < cursor)
        assert before | {("step", each["step"]) for each in steps} <= self.got.keys()


@pytest.mark.parametrize("seed", range(100))
async def test_every_push_and_step_goes_out_once(seed: int) -> None:
    chance = Random(seed)
    mailbox: Any = Mailbox(chance)
    terminal = Terminal(mailbox)
    session = Session(Rows(mailbox).of(missions), TEAM, Pressed())

    async def wake(push: int, step: int, pause: int) -> None:
        for _ in range(pause):
            await asyncio.sleep(0)
        session.wake(push, step)

    listening = asyncio.create_task(terminal.listen(session))
    await terminal.welcomed.wait()
    waking = []
    for _ in range(40):
        mailbox.commit()
        numbers = len(mailbox.pushes), len(mailbox.steps)
        waking.append(asyncio.create_task(wake(*numbers, chance.randrange(3))))
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
    await asyncio.gather(*waking)
    for _ in range(50):
        await asyncio.sleep(0)
    session.end("STOPPING")
    await asyncio.wait_for(listening, 5)
    every = [("push", each["seq"]) for each in mailbox.pushes]
    every += [("step", each["step"]) for each in mailbox.steps]
    assert terminal.got == Counter(every)
