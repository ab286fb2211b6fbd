"""A small world of receipts, incidents and missions, whose events come over two roads at random.

Receipts and incidents are what desks and workflow know, in a few lines; handlers and missions are
those of the service. Whatever waits in production waits here for a number of turns that the seed
draws, so that two things may come in any order.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID, uuid5

from backbone.door.request import Request
from backbone.postgres.states import Proven
from backbone.words.city import City, Team
from backbone.words.errors import Refusal, Unavailable
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.incident.v1.incident_pb2 import Incident
from liandong.incident.v1.incident_service_pb2 import ReadIncidentResponse
from services.emergency import storage
from services.emergency.catching_up import Arrivals, CatchingUp, Unheard
from services.emergency.consumers import Orders
from services.emergency.deciders import missions
from services.emergency.following import Incidents
from services.emergency.hearing import Hearing
from services.emergency.mission.dispatching import Readiness
from services.emergency.mission.record import Mission, pair_of
from services.emergency.mission.table import SHAPE
from tests.cities import a_city

START = datetime(2026, 1, 1, tzinfo=UTC)
TEAMS = ("fire-1", "fire-2")
CUT_OFF = 0.3
CITY = City(
    a_city().head,
    teams={t: Team(t, t, "990101-fire", "990101", ("fire",), "lee", ("lee",)) for t in TEAMS},
)


@dataclass
class Matter:
    """A receipt as its desk knows it, and the incident of the same id once it was opened."""

    id: UUID
    text: str
    version: int = 1
    incident: UUID | None = None
    before: UUID | None = None
    is_invalid: bool = False
    orders: dict[str, int] = field(default_factory=dict)


@dataclass
class Flow:
    """An incident as workflow knows it."""

    id: UUID
    text: str
    version: int = 3
    state: str = "OFFERED"
    into: UUID | None = None


class Store:
    """The missions, with what the door promises: one after the other, and each request once."""

    def __init__(self, chance: "Chance") -> None:
        self.chance = chance
        self.every: dict[UUID, Mission] = {}
        self.answers: dict[UUID, UUID] = {}
        self.arrivals = Arrivals()

    def live(self) -> set[UUID]:
        return {each.id for each in self.every.values() if each.ending is None}

    def one(self, key: UUID) -> Mission | None:
        return self.every.get(key)

    def members(self, key: UUID) -> frozenset[UUID]:
        live = (each for each in self.every.values() if each.ending is None)
        return frozenset(m.id for m in live if pair_of(m.order.matter_id, m.order.team) == key)

    async def submit(self, request: Request[Any]) -> Any:
        await self.chance.pause()
        if request.request_id not in self.answers:
            mission = self.every.get(request.aggregate_id)
            try:
                news = missions.decide(mission, request.command, self.chance.now(), self)
            except Unavailable as refusal:
                return Answer(refusal)
            except Refusal as refusal:
                self.answers[request.request_id] = request.aggregate_id
                return Answer(refusal)
            self.answers[request.request_id] = request.aggregate_id
            if mission is None:
                self.arrivals.note([request.aggregate_id])
            if news:
                self.every[request.aggregate_id] = reduce(missions.evolve, news, mission)
        return Answer(None)

    def of(self, decider: Any) -> "Store":
        return self

    async def some(self, statement: str, *values: Any) -> list[Proven]:
        await self.chance.pause()
        asked = {storage.BEHIND: self.behind, storage.OF: self.about}
        found = asked[statement](*values)
        return [Proven(SHAPE, missions.to_doc(each), self.row(each)) for each in found]

    def about(self, ids: Sequence[UUID]) -> list[Mission]:
        every = sorted(self.every.values(), key=lambda each: (each.release.dispatch_time, each.id))
        shown = ((each, missions.table.project(each)) for each in every)
        return [each for each, row in shown if {row["matter_id"], row["receipt"]} & {*ids}]

    def behind(self, resting: Sequence[UUID], arrived: Sequence[UUID]) -> list[Mission]:
        behind = {m.id for m in self.every.values() if m.is_behind and m.id not in resting}
        return [self.every[each] for each in behind | {*arrived} if not self.every[each].ending]

    async def fetchval(self, statement: str, mission: UUID) -> bool:
        await self.chance.pause()
        assert statement == storage.STANDS
        return mission in self.every

    async def answer(self, request_id: UUID) -> "Stored | None":
        found = self.answers.get(request_id)
        return None if found is None else Stored(found)

    def row(self, mission: Mission) -> dict[str, Any]:
        known = {"id": mission.id, "version": mission.version, "now": self.chance.now()}
        return {**known, "matter_id": mission.order.matter_id}


@dataclass
class Stored:
    """The stored answer to a request."""

    aggregate_id: UUID
    reason: str = ""


@dataclass
class Answer:
    refusal: Refusal | None

    @property
    def reason(self) -> str:
        return self.refusal.reason if self.refusal else ""


class Chance:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._turns = 0

    async def pause(self, most: int = 6) -> None:
        for _ in range(self.random.randrange(most)):
            await asyncio.sleep(0)

    def now(self) -> datetime:
        self._turns += 1
        return START + timedelta(milliseconds=self._turns)


class Shell:
    """What the handlers ask of the shell."""

    def __init__(self, store: Store) -> None:
        self.door = self.rows = self.batcher = self.pool = store

    def request(self, caller: Any, command: Any, body: Any, of: UUID) -> Request[Any]:
        return Request(caller.request_id, of, command, "", caller.actor, caller.deadline)


class Replica:
    city = CITY

    async def wait(self) -> None:
        """The city is there."""


class Quiet:
    """No terminal is open, and every team can be sent."""

    async def hears(self, team: str) -> bool:
        return False

    async def committed(self, team: str) -> Readiness:
        return Readiness(binding=False)


class World:
    """The acts of desks; each is told over both roads, or over Kafka alone."""

    def __init__(self, seed: int) -> None:
        self.chance = Chance(seed)
        self.store = Store(self.chance)
        shell: Any = Shell(self.store)
        replica, quiet = Replica(), Quiet()
        self.orders = Orders(shell, replica, quiet, quiet)  # type: ignore[arg-type]
        self.incidents = Incidents(shell, replica)  # type: ignore[arg-type]
        self.hearing = Hearing(shell.batcher, self.orders, self.incidents)
        arrivals = self.store.arrivals
        self.catching_up = CatchingUp(shell, replica, self.find, arrivals)  # type: ignore[arg-type]
        self.receipts: dict[UUID, Matter] = {}
        self.flows: dict[UUID, Flow] = {}
        self.topics: dict[tuple[str, UUID], list[Any]] = {}
        self.running: set[asyncio.Task[Any]] = set()
        self.log: list[str] = []
        self.reading, self.looking = asyncio.Lock(), asyncio.Lock()
        self._texts = 0

    @property
    def is_compared(self) -> bool:
        return not {*self.store.arrivals.first(())} & self.store.live()

    # What is told, and how it arrives.

    def tell(self, kind: type[Any], of: UUID, version: int, **said: Any) -> None:
        event = kind(**said)
        meta = event.meta
        meta.event_id, meta.aggregate_id = str(uuid5(of, f"{kind} {version}")), str(of)
        meta.version = version
        meta.time.FromDatetime(self.chance.now())
        self.log.append(f"{str(of)[-2:]} v{version} {said}")
        self.topics.setdefault((kind.__name__, of), []).append(event)
        if self.chance.random.random() < 0.6:
            self.run(self._directly(event))

    def run(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def _directly(self, event: Any) -> None:
        await self.chance.pause(60)
        is_receipt = isinstance(event, AlarmEvent)
        if event.WhichOneof("kind") == "dispatch_ordered":
            for request in await self.orders.requests([event]):
                await self.store.submit(request)
            return
        ask = self.orders.requests if is_receipt else self.incidents.requests
        kinds = (self.orders if is_receipt else self.incidents).subscription.kinds
        await self.hearing._perform(self._cut_off(ask), [event], kinds)

    def _cut_off(self, ask: Any) -> Any:
        """Of some direct calls the first few requests alone: who calls waits no longer, or a
        process ends. Over Kafka all of an event are one transaction."""

        async def asked(events: Sequence[Any]) -> Any:
            found = await ask(events)
            if found and self.chance.random.random() < CUT_OFF:
                return found[: self.chance.random.randrange(len(found))]
            return found

        return asked

    async def consume(self, topic: tuple[str, UUID]) -> bool:
        """The next events of one receipt or incident, in their order; True if there were any."""
        waiting = self.topics.get(topic, [])
        events = waiting[: self.chance.random.randint(1, 3)]
        if not events:
            return False
        ask = self.orders.requests if topic[0] == "AlarmEvent" else self.incidents.requests
        await self.chance.pause()
        for _ in range(50):
            done = [await self.store.submit(each) for each in await ask(events)]
            if not any(isinstance(each.refusal, Unavailable) for each in done):
                break
        else:
            raise AssertionError(f"never taken: {events}")
        del waiting[: len(events)]
        return True

    async def find(self, incident: UUID) -> ReadIncidentResponse | None:
        """What workflow answers: it reads, and the answer takes its time."""
        await self.chance.pause()
        if self.chance.random.random() < 0.05:
            raise Unheard
        flow = self.flows.get(incident)
        if flow is None:
            return None
        message = Incident(id=str(incident), version=flow.version, **facts(flow.text))
        message.state = Incident.State.Value(f"STATE_{flow.state}")
        if flow.into is not None:
            message.merged_into = str(flow.into)
        await self.chance.pause()
        return ReadIncidentResponse(incident=message)

    async def catch_up(self) -> None:
        self.catching_up._resting.clear()
        await self.catching_up.look()

    # What desks do.

    def text(self) -> str:
        self._texts += 1
        return f"长风路{self._texts}号"

    def take(self) -> None:
        of = UUID(int=len(self.receipts) + 1)
        self.receipts[of] = Matter(of, self.text())

    def any_receipt(self) -> Matter:
        return self.chance.random.choice([*self.receipts.values()])

    def any_flow(self, but: UUID | None = None) -> Flow | None:
        live = [each for each in self.flows.values() if each.state == "OFFERED" and each.id != but]
        return self.chance.random.choice(live) if live else None

    async def order(self) -> None:
        """The desk reads the incident's facts, and what it has read may be old when it orders."""
        receipt = self.any_receipt()
        team = self.chance.random.choice(TEAMS)
        flow = self.flows.get(receipt.incident) if receipt.incident else None
        read = (flow.id, flow.version, flow.text) if flow else None
        is_over = flow is not None and flow.state != "OFFERED"
        await self.chance.pause(12)
        if receipt.is_invalid or is_over:
            return
        matter = receipt.incident or receipt.id
        version, text = 0, receipt.text
        if read is not None and read[0] == matter:
            _, version, text = read
        receipt.version += 1
        again = receipt.orders.get(team, -1) + 1
        receipt.orders[team] = again
        order = {
            **facts(text), "matter_id": str(matter), "code": "1", "team": team, "again": again,
            "receipt": str(receipt.id), "receipt_version": receipt.version,
            "matter_version": version, "ordered_by": "zhao", "ordered_unit": "desk",
        }  # fmt: skip
        self.tell(AlarmEvent, receipt.id, receipt.version, dispatch_ordered={"order": order})

    async def amend(self) -> None:
        """A receipt with an incident corrects that one; one without tells it itself."""
        receipt = self.any_receipt()
        receipt.version += 1
        receipt.text = self.text()
        if receipt.incident is None:
            own = {"facts": {"id": str(receipt.id), **facts(receipt.text)}}
            if not receipt.is_invalid:
                self.tell(AlarmEvent, receipt.id, receipt.version, amended=own)
            return
        flow = self.flows[receipt.incident]
        if flow.state == "OFFERED":
            self._amended(flow, receipt.text)

    def _amended(self, flow: Flow, text: str) -> None:
        flow.version += self.chance.random.randint(1, 3)
        flow.text = text
        matter = {"id": str(flow.id), **facts(text)}
        self.tell(IncidentEvent, flow.id, flow.version, amended={"matter": matter})

    async def correct(self) -> None:
        if (flow := self.any_flow()) is not None:
            self._amended(flow, self.text())

    async def open(self) -> None:
        receipt = self.any_receipt()
        if receipt.incident is None and not receipt.is_invalid and receipt.id not in self.flows:
            receipt.version += 1
            receipt.incident = receipt.id
            self.flows[receipt.id] = Flow(receipt.id, receipt.text)

    async def link(self) -> None:
        receipt = self.any_receipt()
        flow = self.any_flow(but=receipt.id)
        if receipt.incident is not None or receipt.is_invalid or flow is None:
            return
        receipt.version += 1
        receipt.incident, receipt.before = flow.id, None
        said = {"incident_id": str(flow.id), "incident": {"state": flow.state}}
        self.tell(AlarmEvent, receipt.id, receipt.version, repeat_linked=said)

    async def unlink(self) -> None:
        receipt = self.any_receipt()
        if receipt.incident in (None, receipt.id) or receipt.id in self.flows:
            return
        receipt.version += 1
        receipt.incident = receipt.before = None
        said: dict[str, Any] = {"reason": "不是一回事"}
        if receipt.orders:
            said["facts"] = {"id": str(receipt.id), **facts(receipt.text)}
        self.tell(AlarmEvent, receipt.id, receipt.version, repeat_unlinked=said)

    async def merge(self) -> None:
        """The receipts of the merged incident follow a moment later, each by itself."""
        flow = self.any_flow()
        into = self.any_flow(but=flow.id) if flow else None
        if flow is None or into is None or any(e.into == flow.id for e in self.flows.values()):
            return
        flow.state, flow.into = "MERGED", into.id
        flow.version += 1
        for receipt in self.receipts.values():
            if receipt.incident == flow.id:
                self.run(self._follow(receipt, flow.id, into.id, flow.version))

    async def part(self) -> None:
        merged = [each for each in self.flows.values() if each.state == "MERGED"]
        flow = self.chance.random.choice(merged) if merged else None
        if flow is None or flow.into is None or self.flows[flow.into].state != "OFFERED":
            return
        into = flow.into
        flow.state, flow.into = "OFFERED", None
        flow.version += 1
        for receipt in self.receipts.values():
            self.run(self._follow(receipt, into, flow.id, flow.version, parts=True))

    async def _follow(
        self, receipt: Matter, left: UUID, there: UUID, version: int, *, parts: bool = False
    ) -> None:
        await self.chance.pause(20)
        back = receipt.before == there and self.flows[there].into is None
        if receipt.incident != left or not (back if parts else self.flows[left].into == there):
            return
        receipt.version += 1
        receipt.incident, receipt.before = there, None if parts else left
        moved: dict[str, Any] = {"incident_id": str(there), "from_incident": str(left)}
        moved["caller_unlinked" if parts else "caller_linked"] = {"receipt": str(receipt.id)}
        moved["incident" if parts else "left"] = {"version": version}
        self.tell(AlarmEvent, receipt.id, receipt.version, moved=moved)

    async def invalid(self) -> None:
        receipt = self.any_receipt()
        if receipt.incident is None and not receipt.is_invalid:
            receipt.version += 1
            receipt.is_invalid = True
            self.tell(AlarmEvent, receipt.id, receipt.version, marked_invalid={"note": "谎报"})

    async def reinstate(self) -> None:
        self.any_receipt().is_invalid = False

    async def void(self) -> None:
        if (flow := self.any_flow()) is not None and self.chance.random.random() < 0.3:
            flow.version += 1
            flow.state = "VOIDED"
            self.tell(IncidentEvent, flow.id, flow.version, voided={"reason": "谎报"})


def facts(text: str) -> dict[str, Any]:
    place = {"text": text, "area": "990101"}
    said = {"narrative": "两车相撞", "category": "traffic.accident", "priority": "P1"}
    return {**said, "place": place}
