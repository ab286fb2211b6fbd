"""The checker: what must hold of every run. Each invariant has a name, which a flaw tells.

C1 nothing lost, C2 no effect twice, C3 versions without gap, C4 legality and one answer for ever,
C5 one holder and one accountable unit, C6 timers, C7 the relay, C8 convergence, C10 poison, C11 the
chain of hashes. C9, the push to terminals, is looked at by tests/integration/emergency.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from backbone.door.journal import FIRST, JournalRow, hash_of
from backbone.intake.opening import opening_id
from backbone.postgres.states import taken
from backbone.words.actor import Actor
from backbone.words.sight import sees
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.incident.v1.incident_commands_pb2 import IncidentCommand
from services.workflow.codec import COMMANDS
from services.workflow.incident.record import HELD, OPEN, Incident
from services.workflow.stream import GROUP
from services.workflow.wiring import EVENTS, build_decider
from tests.simulation.callers import Heard
from tests.simulation.database import Database
from tests.simulation.log import Log
from tests.simulation.log import Record as Kept
from tests.simulation.processes import CITY, Answer
from tests.simulation.tables import Row

TAKES_UP = ("IncidentClaimed", "IncidentReassigned")  # and is held to the cap
REUSED = "IDEMPOTENCY_KEY_REUSED"


@dataclass(frozen=True)
class Flaw:
    """One thing that must not be."""

    invariant: str
    what: str


class Checker:
    """Looks at what the edges have kept, and at what the callers have heard."""

    log: Log

    def __init__(self, database: Database, heard: Heard) -> None:
        self.flaws: list[Flaw] = []
        self.counts: Counter[str] = Counter()
        self._database = database
        self._heard = heard
        self._decider = build_decider(lambda: CITY)
        self._states: dict[UUID, Incident] = {}
        self._taken: dict[UUID, tuple[str, str] | None] = {}  # holders, of what was claimed

    def flaw(self, invariant: str, what: str) -> None:
        self.flaws.append(Flaw(invariant, what))

    def acknowledged(self, record: Kept) -> None:
        """An offset is committed: what the record asked for is answered, and that is stored."""
        dead = self.log.topics.get(f"{record.topic}.{GROUP}.dead", ())
        buried = any(each.value == record.value for kept in dead for each in kept)
        if record.value in self._heard.garbage:
            if not buried:
                self.flaw("C10", f"unreadable {record.value!r} is acknowledged and not kept")
            return
        request_id = _request_of(record)
        outcome = self._database.outcomes.get(request_id)
        if outcome is None:
            self.flaw("C1", f"record of request {request_id} is acknowledged without an outcome")
        elif outcome["reason"] != "INTERNAL" or request_id in self._heard.misused:
            return
        elif not buried:
            self.flaw("C10", f"broken request {request_id} is acknowledged and not kept")

    def check(self) -> None:
        """After the run."""
        self._check_journal()
        self._check_states()
        self._check_effects()
        for request_id, answers in self._heard.answers.items():
            if request_id in self._heard.takings:
                self._check_taking(request_id, answers)
            else:
                self._check_answers(request_id, answers)
        for answer in self._heard.reused:
            if answer.reason != REUSED:
                self.flaw("C4", f"a used key with another body was answered {answer}")
        self._check_topic()

    def history(self, steps: int) -> str:
        """A hash of what was written, sent and heard, in its order."""
        written = sha256(str(steps).encode())
        for rows in self._database.commits:
            for row in rows:
                written.update(row["hash"])
        for request_id, row in self._database.outcomes.items():
            written.update(f"{request_id} {row['reason']} {row['version']}".encode())
        for kept in self.log.topics[EVENTS]:
            for record in kept:
                written.update(record.value)
        written.update(repr(self._heard.answers).encode())
        return written.hexdigest()

    # The journal, in the order of the commits.

    def _check_journal(self) -> None:
        hashes: dict[UUID, bytes] = defaultdict(lambda: FIRST)
        for rows in self._database.commits:
            self._check_rows(rows, hashes)
            for of in dict.fromkeys(row["aggregate_id"] for row in rows):
                if of in self._states:
                    self._check_desk(self._states[of])

    def _check_rows(self, rows: Iterable[Row], hashes: dict[UUID, bytes]) -> None:
        for row in rows:
            of, before = row["aggregate_id"], self._states.get(row["aggregate_id"])
            self._check_row(row, before, hashes[of])
            hashes[of] = row["hash"]
            event = self._decider.from_event(row["payload"])
            self.counts[type(event).__name__] += 1
            self._check_clock(before, event)
            try:
                after = self._states[of] = self._decider.evolve(before, event)
            except (ValueError, AttributeError) as error:
                self.flaw("C4", f"{of}@{row['version']} does not fold: {error}")
                continue
            self._check_charge(after)
            self._check_hands(event, after)

    def _check_row(self, row: Row, before: Incident | None, previous: bytes) -> None:
        where = f"{row['aggregate_id']}@{row['version']}"
        if row["version"] != (before.version if before else 0) + 1:
            self.flaw("C3", f"{where} follows version {before.version if before else 0}")
        if before is not None and row["time"] < before.time:
            self.flaw("C3", f"{where} is earlier than the event before it")
        plain = {name: value for name, value in row.items() if name in JournalRow.__struct_fields__}
        record = JournalRow(**{**plain, "actor": Actor(row["actor"], row["unit"])})
        if row["hash"] != hash_of(record, previous):
            self.flaw("C11", f"{where} does not continue the chain")

    def _check_charge(self, state: Incident) -> None:
        charge, where = state.charge, f"{state.id}@{state.version}"
        if charge.accountable_unit not in CITY.units:
            self.flaw("C5", f"{where}: unit {charge.accountable_unit!r} answers for it")
        if state.state in HELD and not (charge.holder and charge.unit == charge.accountable_unit):
            self.flaw("C5", f"{where}: is held by {charge.holder!r} of {charge.unit!r}")

    def _check_desk(self, state: Incident) -> None:
        """What is open stands in an inbox, what is held has its handling clock, and what is over
        has none left.
        """
        where, kinds = f"{state.id}@{state.version}", [each.kind for each in state.clocks]
        if not state.over and not self._decider.table.project(state)["waiting"]:
            self.flaw("C5", f"{where}: is {state.state} and stands in no inbox")
        if state.state in HELD and "FEEDBACK" not in kinds:
            self.flaw("C6", f"{where}: is held without a handling clock")
        if state.state not in OPEN and kinds:
            self.flaw("C6", f"{where}: is {state.state} and has the clocks {kinds}")
        if len(kinds) != len(set(kinds)):
            self.flaw("C6", f"{where}: has a clock twice: {kinds}")

    def _check_clock(self, before: Incident | None, event: Any) -> None:
        """A lapse is the effect of a clock that ran, was due, and had not lapsed before."""
        name = type(event).__name__
        if not name.endswith("Lapsed") or before is None:
            return
        clock = next((each for each in before.clocks if each.id == event.clock), None)
        where = f"{name} of {before.id}@{before.version + 1}"
        if clock is None:
            self.flaw("C6", f"{where}: the clock {event.clock} had stopped")
        elif clock.lapse_time is not None:
            self.flaw("C6", f"{where}: the clock {event.clock} had lapsed before")
        elif clock.due_time is None or clock.due_time > event.time:
            self.flaw("C6", f"{where}: the clock {event.clock} was due at {clock.due_time}")

    def _check_hands(self, event: Any, after: Incident) -> None:
        """No person holds more claimed or taken-over incidents than the cap."""
        holder = (after.charge.unit, after.charge.holder) if after.state in HELD else None
        if type(event).__name__ in TAKES_UP:
            self._taken[after.id] = holder
            held = sum(each == holder for each in self._taken.values())
            if held > CITY.policy.claim_cap:  # type: ignore[union-attr]
                self.flaw("C5", f"{holder} holds {held}")
        elif self._taken.get(after.id) != holder:
            self._taken.pop(after.id, None)

    # Rows, outcomes and answers.

    def _check_states(self) -> None:
        for of, row in self._database.states.items():
            state = self._decider.from_row(taken(row))
            if state != self._states.get(of):
                self.flaw("C4", f"{of}: the row is not what its journal says")
            if row["hash"] != self._database.journal[of][-1]["hash"]:
                self.flaw("C11", f"{of}: the row does not name its last event")
        for of in self._states.keys() - self._database.states.keys():
            self.flaw("C4", f"{of} has a journal and no row")

    def _check_effects(self) -> None:
        """Each accepted request has had its effect once, in one piece, and no other request any."""
        effects: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
        for row in (row for rows in self._database.commits for row in rows):
            effects[row["request_id"]].append((row["aggregate_id"], row["version"]))
        for request_id, versions in effects.items():
            outcome = self._database.outcomes.get(request_id)
            if outcome is None or outcome["reason"]:
                self.flaw("C1", f"request {request_id} has events and no outcome that says so")
                continue
            of, last = outcome["aggregate_id"], outcome["version"]
            if versions != [(of, last - len(versions) + 1 + each) for each in range(len(versions))]:
                self.flaw("C2", f"request {request_id} took effect as {versions}, told {of}@{last}")
        for request_id, outcome in self._database.outcomes.items():
            idle = request_id in self._heard.settlings
            if not outcome["reason"] and request_id not in effects and not idle:
                self.flaw("C1", f"request {request_id} is accepted and has no event")

    def _check_taking(self, request_id: UUID, answers: list[Answer]) -> None:
        """A repeat gets what the first one got; an empty pool is no answer for ever."""
        won = {(each.aggregate_id, each.version, each.shown) for each in answers if not each.reason}
        if len(won) > 1:
            self.flaw("C2", f"taking {request_id} won {won}")

    def _check_answers(self, request_id: UUID, answers: list[Answer]) -> None:
        outcome = self._database.outcomes.get(request_id)
        if outcome is None:
            if answers:
                self.flaw("C1", f"request {request_id} was answered and has no outcome")
            return
        told = (outcome["reason"], outcome["version"])
        self._count(request_id, outcome)
        shown = {each.shown for each in answers if not each.reason}
        if len(shown) > 1:
            self.flaw("C4", f"request {request_id} was shown {len(shown)} incidents")
        for answer in answers:
            same = answer.reason == told[0] and (answer.reason or answer.version == told[1])
            if not same and not self._out_of_sight(request_id, answer, outcome):
                self.flaw("C4", f"request {request_id} heard {answer}, the outcome is {told}")

    def _count(self, request_id: UUID, outcome: Row) -> None:
        self.counts[outcome["reason"] or "ACCEPTED"] += 1
        if outcome["reason"] == "INTERNAL" and outcome["aggregate_id"] not in self._heard.copies:
            self.flaw("C4", f"request {request_id} met a bug")

    def _out_of_sight(self, request_id: UUID, answer: Answer, outcome: Row) -> bool:
        """A caller who repeats hears the first answer only while the incident is in its sight, and
        of a right that its role has not, whatever the first refusal was."""
        if answer.reason == "ROLE_MAY_NOT":
            return bool(outcome["reason"])
        if answer.reason != "NO_SUCH_INCIDENT":
            return False
        journal = self._database.journal.get(outcome["aggregate_id"], [])
        upto = max(1, outcome["version"])  # of one that did not exist: as it was opened
        payloads = (row["payload"] for row in journal if row["version"] <= upto)
        then = self._decider.fold(payloads)
        actor = self._heard.actors[request_id]
        return then is not None and not sees(actor, then.facts)

    # What the relay has sent.

    def _check_topic(self) -> None:
        """First copies in the order of the versions, all of them, and nothing else."""
        sent: dict[UUID, int] = defaultdict(int)
        for record in (record for kept in self.log.topics[EVENTS] for record in kept):
            of, version = UUID(record.key.decode()), int(dict(record.headers)["ce_sequence"])
            journal = self._database.journal.get(of, ())
            if version > len(journal) or journal[version - 1]["payload"] != record.value:
                self.flaw("C7", f"{of}@{version} was sent and is not in the journal")
            elif version > sent[of] + 1:
                self.flaw("C7", f"{of}@{version} was sent before {sent[of] + 1}")
            sent[of] = max(sent[of], version)
        for of, rows in self._database.journal.items():
            if sent[of] != len(rows):
                self.flaw("C7", f"{of} is at {len(rows)}, sent are {sent[of]}")


def _request_of(record: Kept) -> UUID:
    if record.topic == COMMANDS:
        return UUID(IncidentCommand.FromString(record.value).request_id)
    return opening_id(UUID(AlarmEvent.FromString(record.value).opened.matter.id))
