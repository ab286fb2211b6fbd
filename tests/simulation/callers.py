"""Clerks and desks who give legal and illegal commands and repeat them until they are answered."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol
from uuid import UUID

from backbone.door.timers import NEVER
from backbone.intake.opening import desk_actor, opening_id
from backbone.rpc.caller import Call
from backbone.words.actor import Actor
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent, ReceiptOpened
from liandong.event.v1.event_pb2 import Meta
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1.incident_pb2 import CallerLink, Corrected, Correction, Matter
from liandong.place.v1.place_pb2 import Place
from services.workflow.codec import COMMANDS
from services.workflow.incident import INCIDENTS
from services.workflow.incident.kinds import ESCALATION, HAND_OFF, OBJECTION, RETURN
from services.workflow.incident.record import HELD, Incident, State
from services.workflow.incident.settling import PAIRS
from tests.cities import COUNTY, NORTH, SOUTH
from tests.simulation.processes import INTAKES, PATIENCE, Answer, Front, Unanswered

CLERKS = (
    Actor("li", "north", "clerk", NORTH),
    Actor("wang", "north", "clerk", NORTH),
    Actor("chen", "south", "clerk", SOUTH),
    Actor("lin", "south", "clerk", SOUTH),
    Actor("wu", "roads", "clerk", NORTH),
    Actor("he", "roads", "clerk", NORTH),
)
DESK = Actor("zhao", "command", "dispatcher", COUNTY)
OTHER_DESK = Actor("wu", "command", "dispatcher", COUNTY)
SECOND = Actor("qian", "command", "call_taker", COUNTY)
HEAD = Actor("sun", "county", "head", COUNTY)
LEADER = Actor("zhou", "county", "leader", COUNTY)
ELSEWHERE = Actor("zheng", "harbour", "leader", "990102")
EVERYONE = (*CLERKS, DESK, SECOND, HEAD, LEADER, ELSEWHERE)
UNITS = ("north", "south", "roads", "command", "moon")
# What the fields of a request are filled with, the last value rarely; all other texts are WORDS.
VALUES: dict[str, Sequence[Any]] = {
    "to_unit": UNITS,
    "unit": UNITS,
    "outcome": ("SOLVED", "EXPLAINED", "WELL"),
    "solved": ("YES", "NO", "MAYBE"),
    "priority": ("P1", "P2", "P4", "P9"),
    "successor": ("", "words"),
    "SettleIncident.step": (*PAIRS, "words"),
    "VoidIncident.reason": ("HOAX", "TEST", "BORED"),
}
ANSWERS = {
    HAND_OFF: ("AcceptHandOff", "RefuseHandOff"),
    RETURN: ("AcceptReturn", "RejectReturn"),
    OBJECTION: ("UpholdObjection", "RejectObjection"),
    ESCALATION: ("ClaimIncident", "RequestReturn", "DesignateUnit"),
}
WORDS = ("words", "more words", "")
# What a desk's receipts tell: rarer than what people do.
TOLD = ("AmendMatter", "LinkCaller", "UnlinkCaller")
# All verbs of people: a new one is tried without a line here.
VERBS = {
    command.__name__: verb.states
    for command, verb in INCIDENTS.verbs.items()
    if verb.states is not None
    and hasattr(pb, f"{command.__name__}Request")
    and command.__name__ not in TOLD
}
# What fits a state: who, which verb, how likely.
Wish = tuple[Sequence[Actor], str, int]


class Surroundings(Protocol):
    """What callers need of the world."""

    chance: Random
    fronts: list[Front]
    heard: "Heard"

    def now(self) -> datetime: ...
    def state_of(self, incident: UUID) -> Incident | None: ...
    def bring(self, topic: str, key: bytes, value: bytes) -> None: ...
    def pass_time(self, by: timedelta) -> None: ...
    def broken(self, what: str) -> None: ...


class Heard:
    """What was asked and what was answered."""

    def __init__(self) -> None:
        self.actors: dict[UUID, Actor] = {}  # by request
        self.answers: dict[UUID, list[Answer]] = {}
        self.takings: set[UUID] = set()
        self.misused: set[UUID] = set()  # requests whose key came again with another body
        self.settlings: set[UUID] = set()  # of records: they may find the incident as far as that
        self.reused: list[Answer] = []  # what was answered to that
        self.garbage: set[bytes] = set()
        self.copies: set[UUID] = set()  # matters that share a code: the unique key keeps one
        self.calls = 0


class Population:
    """All callers from outside; about `commands` commands in all, repeats included."""

    def __init__(self, world: Surroundings, commands: int) -> None:
        self._world = world
        self._chance = world.chance
        self._left = commands
        self._matters: list[UUID] = []
        self._codes: dict[str, UUID] = {}
        self._in_flight = 0
        self._pause = timedelta()
        self._morning = asyncio.Event()

    async def work(self, people: int = 48) -> None:
        """Until all commands were given, and answered or given up."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(*[loop.create_task(self._caller()) for _ in range(people)])

    async def _caller(self) -> None:
        while self._left > 0:
            await asyncio.sleep(self._chance.expovariate(1 / 0.03))
            dice = self._chance.random()
            if dice < 0.12 or not self._matters:
                await self._open()
            elif dice < 0.17:
                self._world.heard.takings.add(taking := self._id())
                await self._ask(taking, self._chance.choice(CLERKS), pb.TakeNextRequest())
            elif dice < 0.175:
                self._litter()
            else:
                actor, body = self._command()
                await self._ask(self._id(), actor, body)

    def _id(self) -> UUID:
        return UUID(int=self._chance.getrandbits(128), version=4)

    def _litter(self) -> None:
        """A record that no reader can read."""
        value = self._chance.randbytes(12)
        self._world.heard.garbage.add(value)
        self._world.bring(COMMANDS, value[:4], value)

    async def _open(self) -> None:
        """An intake: its event is sure to come some time, its call may or may not."""
        matter = self._matter()
        matter_id, by_call = UUID(matter.id), self._chance.random()
        if by_call < 0.8:
            self._left -= by_call <= 0.3  # by its event alone
            meta = Meta(event_id=str(self._id()), aggregate_id=matter.id, version=1)
            event = AlarmEvent(meta=meta, opened=ReceiptOpened(matter=matter))
            self._world.bring(INTAKES[0], matter.id.encode(), event.SerializeToString())
        if by_call > 0.3:
            body = pb.OpenIncidentRequest(matter=matter)
            await self._ask(opening_id(matter_id), desk_actor(matter), body, NEVER)

    def _matter(self) -> Matter:
        pick, copied = self._chance.choice, self._chance.random() < 0.02 and self._codes
        matter_id = self._id()
        code = pick([*self._codes]) if copied else f"990101260101-{len(self._codes):06}-0"
        matter = Matter(
            id=str(matter_id),
            code=code,
            source="ALARM",
            title=pick(("theft", "theft", "theft", "")) if self._chance.random() < 0.1 else "theft",
            category=pick(("theft", "theft", "theft", "noise")),
            priority=pick(("P1", "P2", "P3", "")),
            place=Place(area=pick((NORTH, SOUTH, NORTH, SOUTH, COUNTY))),
            desk="command",
            to_unit=pick(("", "", "", "roads", "south")),
            against=pick(("", "", "", "", "", "", "", "roads")),
        )
        self._matters.append(matter_id)
        if copied:
            self._world.heard.copies |= {matter_id, self._codes[code]}
        self._codes[code] = matter_id
        return matter

    def _command(self) -> tuple[Actor, Any]:
        chance = self._chance
        target, found = self._target()
        dice = chance.random()
        if dice < 0.01:
            return DESK, self._body(chance.choice(TOLD), target)
        if found is None or dice < 0.06:
            actor, verb = chance.choice(EVERYONE), chance.choice([*VERBS])
        elif dice < 0.2:
            concerned = [each for each in EVERYONE if each.unit in found.involved]
            holding = [each for each in concerned if each.user == found.charge.holder]
            allowed = [verb for verb, states in VERBS.items() if found.state in states]
            actor = chance.choice(holding if holding and chance.random() < 0.5 else concerned)
            verb = chance.choice(allowed or [*VERBS])
        else:
            wishes = fitting(found) or [(EVERYONE, "CloseIncident", 1)]
            [(who, verb, _)] = chance.choices(wishes, [weight for *_, weight in wishes])
            actor = chance.choice(who)
        return actor, self._body(verb, target)

    def _target(self) -> tuple[UUID, Incident | None]:
        """One of the latest matters, rather one that is open already."""
        for _ in range(4):
            recent = self._matters[-25:] if self._chance.random() < 0.85 else self._matters
            target = self._chance.choice(recent)
            found = self._world.state_of(target)
            if found is not None:
                break
        return target, found

    def _body(self, verb: str, target: UUID) -> Any:
        """The request with its fields; the last value of each is the least likely."""
        kind: Any = getattr(pb, f"{verb}Request")
        fields: dict[str, Any] = {}
        for field in kind.DESCRIPTOR.fields:
            if field.name == "incident_id":
                continue
            if field.name == "into":
                fields["into"] = str(self._chance.choice(self._matters))
                continue
            if field.message_type is not None:
                fields[field.name] = self._told(field.message_type.name, str(target))
                continue
            values = VALUES.get(f"{verb}.{field.name}") or VALUES.get(field.name, WORDS)
            if field.cpp_type != field.CPPTYPE_STRING:
                values = (1, 0)
            usual = values[:-1] if self._chance.random() < 0.9 else values
            fields[field.name] = self._chance.choice(usual)
        return kind(incident_id=str(target), **fields)

    def _told(self, kind: str, target: str) -> Correction | CallerLink:
        """What another receipt tells, for the first time, so that it always has an event."""
        receipt, said = str(self._id()), self._chance.choice(("gas", "a knife", ""))
        if kind == "CallerLink":
            return CallerLink(incident_id=target, receipt=receipt, version=3, danger=said)
        matter = Matter(id=target, code="x", source="ALARM", title="theft", desk="command")
        facts = [Corrected(fact=name, version=5) for name in ("danger", "priority", "place")]
        matter.priority, matter.danger = self._chance.choice(("P1", "P3")), said
        matter.place.area = self._chance.choice((NORTH, SOUTH))
        linked = self._chance.random() < 0.5
        return Correction(matter=matter, facts=facts, receipt=receipt, version=5, linked=linked)

    async def _ask(
        self, request_id: UUID, actor: Actor, body: Any, deadline: datetime | None = None
    ) -> None:
        """Until it is answered or given up for good; now and then twice, or once more later."""
        heard, chance = self._world.heard, self._chance
        heard.actors[request_id] = actor
        if isinstance(body, pb.SettleIncidentRequest):
            heard.settlings.add(request_id)
        expected = self._expected(body)
        attempts = [self._attempt(request_id, actor, body, deadline, expected)]
        if chance.random() < 0.04:
            attempts.append(self._attempt(request_id, actor, body, deadline, expected))
        answers = await asyncio.gather(*attempts)
        while chance.random() < 0.08:
            await asyncio.sleep(chance.random() ** 3 * 3)
            answers.append(await self._attempt(request_id, actor, body, deadline, expected))
        told = [answer for answer in answers if answer is not None]
        heard.answers.setdefault(request_id, []).extend(told)
        if told and chance.random() < 0.02 and request_id not in heard.takings:
            heard.misused.add(request_id)
            other = pb.VoidIncidentRequest(incident_id=str(self._matters[0]), reason="other")
            if (answer := await self._attempt(request_id, actor, other, None, None)) is not None:
                heard.reused.append(answer)

    def _expected(self, body: Any) -> int | None:
        """A few callers say which version they have seen."""
        if self._chance.random() > 0.05 or isinstance(body, pb.OpenIncidentRequest):
            return None
        target = getattr(body, "incident_id", "")
        found = self._world.state_of(UUID(target)) if target else None
        return found.version - (self._chance.random() < 0.3) if found else None

    async def _attempt(
        self,
        request_id: UUID,
        actor: Actor,
        body: Any,
        deadline: datetime | None,
        expected: int | None,
    ) -> Answer | None:
        chance, world = self._chance, self._world
        while True:
            await self._open_hours()
            world.heard.calls += 1
            self._left -= 1
            front = chance.choice(world.fronts)
            until = deadline or world.now() + timedelta(seconds=PATIENCE)
            call = f"{self._id():}"
            caller = Call(actor, request_id, until, expected, call=call)
            patience = PATIENCE if chance.random() > 0.03 else chance.random() * 0.03
            self._in_flight += 1
            try:
                return await front.call(caller, body, patience)
            except Unanswered:
                if chance.random() < 0.1:
                    return None
                await asyncio.sleep(chance.random())
            except Exception as error:  # noqa: BLE001 - whatever it is, the checker names it
                world.broken(f"a call of {type(body).__name__} ended with {error!r}")
                return None
            finally:
                self._in_flight -= 1
                self._close_up()

    def rest(self, pause: timedelta) -> None:
        """No caller calls until all calls have ended and the pause is over."""
        self._pause += pause
        self._close_up()

    def _close_up(self) -> None:
        if self._pause and not self._in_flight:
            self._world.pass_time(self._pause)
            self._pause = timedelta()
            self._morning.set()

    async def _open_hours(self) -> None:
        while self._pause:
            self._morning.clear()
            await self._morning.wait()


def fitting(found: Incident) -> list[Wish]:
    """What people who know the state would do next."""
    charge = found.charge
    clerks = [each for each in CLERKS if each.unit == charge.unit] or [SECOND]
    desks = [(DESK,), "DesignateUnit", 3], [(DESK,), "VoidIncident", 1]
    match found.state:
        case State.TRIAGE:
            wishes: list[Any] = [
                *desks,
                [(DESK,), "RouteIncident", 2],
                [(HEAD,), "DesignateUnit", 1],
            ]
        case State.OFFERED:
            wishes = [[clerks, "ClaimIncident", 14], [clerks, "RequestReturn", 2]]
            wishes += [[(LEADER,), "AssignIncident", 2], [(DESK,), "VoidIncident", 1]]
            wishes += [[clerks, "ObjectToAssignment", 9]] if charge.assignment else []
        case State.RESOLVED:
            callers = (SECOND, DESK)
            wishes = [[callers, "VerifyIncident", 4], [callers, "CloseIncident", 2]]
            wishes += [[callers, "ReworkIncident", 3]]
        case State.VOIDED:
            wishes = [[(OTHER_DESK, DESK), "UndoVoid", 3]]
        case state if state in HELD:
            wishes = held(found, clerks)
        case _:
            return []
    return [*wishes, *(answers for each in found.questions for answers in answering(each))]


def held(found: Incident, clerks: Sequence[Actor]) -> list[Any]:
    holder = [each for each in clerks if each.user == found.charge.holder] or clerks
    return [
        [holder, "ReportProgress", 4],
        [holder, "ResolveIncident", 4],
        [holder, "HandOffIncident", 4],
        [holder, "RequestReturn", 3],
        [holder, "ReleaseIncident", 2],
        [holder, "EscalateIncident", 3],
        [holder, "ObjectToAssignment", 9 if found.charge.assignment else 0],
        [clerks, "ReassignIncident", 2],
        [(LEADER,), "AssignIncident", 2],
        [(DESK,), "DesignateUnit", 1],
        [(DESK,), "SettleIncident", 1],
    ]


def answering(question: Any) -> list[Any]:
    people = [each for each in EVERYONE if each.unit in (question.to_unit, question.raised_to)]
    return [[people or [DESK], verb, 6] for verb in ANSWERS[question.kind]]
