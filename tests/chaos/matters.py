"""A day on which receipts are amended, re-linked and ended, and teams recalled and sent again."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from operate.replay.client import Client, Refused
from tests.people import CALL, Visit, act, take_call

HOAX = {"reason": "HOAX", "confirm_priority": True}
DESK, SECOND, CLERK = "dispatcher.990100-command", "call_taker.990100-command", "经办甲"
LEADER = "leader.990101001-township"
PLACES, TEXTS = 5, 1_000
# Acts that go on at the same time.
TOGETHER = 6
# Acts for which an incident must be open.
NEED_ONE = frozenset({"link", "merge"})
# A server that stumbled; the client asks again where the effect is unknown.
BROKEN = 500


class Day:
    """The acts of one desk, of the clerks and of the teams; `matters` are the receipts it took.

    Half of the teams never answer an order: their ladders climb.
    """

    def __init__(
        self, visit: Visit, desk: Client, second: Client, leader: Client, seed: int
    ) -> None:
        self.desk, self.second, self._leader, self._visit = desk, second, leader, visit
        self.seed = seed
        self.receipts: list[str] = []
        self.opened: list[str] = []
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.strange: list[str] = []
        self._chance = random.Random(seed)
        self._sent: list[tuple[str, str]] = []
        self._merged: list[str] = []
        keys = [row for row in visit.city.run["api_keys"] if row.get("team")]
        self.teams = sorted({str(row["team"]) for row in keys})[:6]
        self._crews = {row["team"]: Client(visit.connection, row["key"]) for row in keys}

    async def run(self, number: int) -> None:
        """So many acts, several at once; the first ones take calls."""
        acts = self._acts()
        chosen = [self.take] * 6 + self._chance.choices([*acts], [*acts.values()], k=number)
        room = asyncio.Semaphore(TOGETHER)

        async def one(act_of: Callable[[], Awaitable[None]]) -> None:
            async with room:
                await self._try(act_of)

        await asyncio.gather(*(one(each) for each in chosen))

    def _acts(self) -> dict[Callable[[], Awaitable[None]], int]:
        """Each act with its weight."""
        return {
            self.take: 2,
            self.open: 3,
            self.send: 6,
            self.amend: 6,
            self.classify: 3,
            self.link: 3,
            self.unlink: 2,
            self.invalid: 1,
            self.reinstate: 1,
            self.answer: 1,
            self.merge: 3,
            self.part: 2,
            self.void: 1,
            self.close: 1,
            self.recall: 2,
            self.step: 8,
        }

    async def _try(self, act_of: Callable[[], Awaitable[None]]) -> None:
        """What the city refuses by a rule is right at random; what breaks is not."""
        name = getattr(act_of, "__name__", "")
        if (name != "take" and not self.receipts) or (name in NEED_ONE and not self.opened):
            return
        try:
            await act_of()
        except Refused as refused:
            self.refused[refused.reason] += 1
            if refused.status >= BROKEN:
                self.strange.append(f"{name}: {refused}")
            return
        self.done[name] += 1

    def _one(self) -> str:
        """Mostly a young matter, which more acts fit."""
        return self._chance.choice(self.receipts[-8:])

    async def take(self) -> None:
        receipt = await take_call(self.desk, priority="P1", narrative=f"第{len(self.receipts)}起")
        self.receipts.append(receipt["id"])

    async def open(self) -> None:
        receipt = self._one()
        await act(self.desk, f"/v1/receipts/{receipt}:open", {"confirm_priority": True})
        self.opened.append(receipt)

    async def send(self) -> None:
        team, receipt = self._chance.choice(self.teams), self._one()
        note = self._chance.choice(("", "带冲锋舟"))
        order = {"team": team, "note": note}
        answer = await act(self.desk, f"/v1/receipts/{receipt}:dispatch", order)
        if mission := answer["mission"].get("id"):
            self._sent.append((mission, team))

    async def amend(self) -> None:
        number = self._chance.randrange(PLACES)
        told: dict[str, Any] = self._chance.choice(
            (
                {"place": {**CALL["place"], "text": f"青山镇长风路{number}号"}},
                {"narrative": f"第{self._chance.randrange(TEXTS)}次更正"},
                {"danger": f"危险{self._chance.randrange(TEXTS)}"},
            )
        )
        whole = {"for_incident": self._chance.random() < 0.5}
        await act(self.desk, f"/v1/receipts/{self._one()}:amend", told | whole)

    async def classify(self) -> None:
        said = {"priority": self._chance.choice(("P1", "P2")), "confirm_priority": True}
        await act(self.desk, f"/v1/receipts/{self._one()}:classify", said)

    async def link(self) -> None:
        said = {"incident": self._chance.choice(self.opened), "confirm_priority": True}
        await act(self.desk, f"/v1/receipts/{self._one()}:link", said)

    async def unlink(self) -> None:
        await act(self.desk, f"/v1/receipts/{self._one()}:unlink", {"reason": "不是一回事"})

    async def invalid(self) -> None:
        said = {"reason": "HOAX", "confirm_priority": True}
        await act(self.desk, f"/v1/receipts/{self._one()}:markInvalid", said)

    async def reinstate(self) -> None:
        await act(self.second, f"/v1/receipts/{self._one()}:undoInvalid", {"reason": "误判"})

    async def answer(self) -> None:
        said = {"reply": "已电话答复", "confirm_priority": True}
        await act(self.desk, f"/v1/receipts/{self._one()}:answer", said)

    async def merge(self) -> None:
        into = self._chance.choice(self.opened)
        said = {"into": into, "reason": "同一起", "confirm_priority": True}
        merged = self._chance.choice(self.opened[-8:])
        await act(self.desk, f"/v1/incidents/{merged}:merge", said)
        self._merged.append(merged)

    async def part(self) -> None:
        """A second person takes a merge back; the desk may not."""
        if not self._merged:
            raise Refused(404, {"reason": "NONE_MERGED_YET"})
        merged = self._chance.choice(self._merged)
        await act(self._leader, f"/v1/incidents/{merged}:undoMerge", {"reason": "不是一回事"})

    async def void(self) -> None:
        await act(self.desk, f"/v1/incidents/{self._one()}:void", HOAX)

    async def close(self) -> None:
        """The unit handles the matter, and the desk files it."""
        of = f"/v1/incidents/{self._one()}"
        unit = (await self.desk.get(of))["unit"]
        clerk = self._visit.system(unit, "clerk", CLERK)
        await act(clerk, f"{of}:claim")
        await act(clerk, f"{of}:resolve", {"outcome": "SOLVED", "reply": "已处置"})
        await act(self.desk, f"{of}:verify", {"solved": "YES"})
        await act(self.desk, f"{of}:close")

    async def recall(self) -> None:
        mission, _ = self._any(self._sent)
        await act(self.desk, f"/v1/missions/{mission}:recall", {"reason": "已自行处置"})

    async def step(self) -> None:
        """A step of a team that answers; the others are silent."""
        mission, team = self._any([each for each in self._sent if each[1] in self.teams[::2]])
        kind, said = self._chance.choice(
            (
                ("received", {}),
                ("acknowledge", {}),
                ("refuse", {"reason": "车辆故障"}),
                ("enRoute", {}),
                ("clear", {"result": "处置完毕"}),
                ("confirmRecall", {}),
            )
        )
        await act(self._crews[team], f"/v1/missions/{mission}:{kind}", said)

    def _any(self, of: Sequence[tuple[str, str]]) -> tuple[str, str]:
        if not of:
            raise Refused(404, {"reason": "NONE_SENT_YET"})
        return self._chance.choice(of[-20:])


async def day_of(visit: Visit, seed: int) -> Day:
    desk, second, leader = [await visit.person(each) for each in (DESK, SECOND, LEADER)]
    return Day(visit, desk, second, leader, seed)
