"""The fold of one batch: what a transaction has read, and what it is about to write. Pure."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from backbone.door.decider import Aggregate, Decider
from backbone.door.journal import FIRST, Record, sealed
from backbone.door.outcomes import Outcome, Row, refused_answer
from backbone.door.request import Request
from backbone.words.errors import Broken, Conflict, Expired, InvalidArgument, Refusal, Unavailable

log = logging.getLogger(__name__)

S = TypeVar("S", bound=Aggregate)
C = TypeVar("C")
E = TypeVar("E")

# Deadlines are written by the clock of a front and judged by the one of the database. They stop
# only commands whose front has died, so a clock that is somewhat off must not stop living ones.
CLOCK_SKEW = timedelta(seconds=10)
# What a call was told when nobody knew how it would end. It stays the answer to the call and to its
# repeats, and does not stop the event that guarantees the same request.
NOBODY_KNOWS = frozenset({"EXPIRED", "INTERNAL"})
# The journal and Kafka take no more in one piece: a longer text is refused, and blocks nobody.
LARGEST_EVENT = 800_000


class Batch(Generic[S, C, E]):
    """Answers requests one after the other; a later one sees what an earlier one changed."""

    def __init__(
        self,
        decider: Decider[S, C, E],
        now: datetime,
        states: Mapping[UUID, S],
        hashes: Mapping[UUID, bytes],
        known: Mapping[UUID, Outcome],
    ) -> None:
        self._decider = decider
        self._now = now
        self._states = dict(states)
        self._hashes = dict(hashes)
        self._known = dict(known)
        self.changed: dict[UUID, S] = {}
        self.rows: dict[UUID, Row] = {}  # of what has changed
        self.records: list[Record] = []
        self.outcomes: dict[UUID, Outcome] = {}
        self.withdrawn: list[UUID] = []  # stored outcomes that make room for those above

    def answer(self, request: Request[C]) -> Outcome:
        """Return the first answer ever given to this request, giving it now if need be.

        Only an event may ask again what a call was told that nobody knew.
        """
        return self._first_answer(request, self._judge)

    def give_up(self, request: Request[C]) -> Outcome:
        """Answer a request that cannot be carried out here, unless somebody has answered it."""
        return self._first_answer(request, self._broken)

    def _first_answer(self, request: Request[C], judge: Callable[[Request[C]], Outcome]) -> Outcome:
        known = self._known.get(request.request_id)
        if known is not None and known.body_hash != request.body_hash:
            reused = Conflict("IDEMPOTENCY_KEY_REUSED", aggregate_id=known.aggregate_id)
            return self._refused(request, reused)
        if known is not None and not (request.cause and known.reason in NOBODY_KNOWS):
            return known
        if known is not None:
            self.withdrawn.append(request.request_id)
        outcome = self._known[request.request_id] = judge(request)
        self.outcomes[request.request_id] = outcome
        return outcome

    def _judge(self, request: Request[C]) -> Outcome:
        try:
            if request.aggregate_id in self._hashes and request.aggregate_id not in self._states:
                raise LookupError("its row is missing or cannot be read back")
            return self._accepted(request, self._decide(request))
        except Unavailable:
            raise  # transient: never stored
        except Refusal as refusal:
            return self._refused(request, refusal)
        except Exception:
            log.exception("command.broken", extra={"request_id": request.request_id})
            return self._broken(request)

    def _decide(self, request: Request[C]) -> list[E]:
        if request.deadline <= self._now - CLOCK_SKEW:
            raise Expired("EXPIRED", deadline=request.deadline)
        state = self._states.get(request.aggregate_id)
        events = self._decider.decide(state, request.command, self._now_after(state))
        # Only now: a loser must hear who won, not that its version is old.
        if request.expected_version not in (None, state.version if state else 0):
            raise Conflict("STALE_VERSION", version=state.version if state else 0)
        return events

    def _accepted(self, request: Request[C], events: list[E]) -> Outcome:
        state = self._states.get(request.aggregate_id)
        records: list[Record] = []
        for event in events:
            state = self._decider.evolve(state, event)
            records.append(self._record(request, state, event, records))
        if state is None:
            raise ValueError("a command was accepted, yet nothing exists")
        row = self._decider.to_row(state)
        if records:
            self._states[request.aggregate_id] = self.changed[request.aggregate_id] = state
            self.rows[request.aggregate_id] = row
            self._hashes[request.aggregate_id] = records[-1].hash
            self.records += records
        return self._outcome(request, "", row)

    def _record(self, request: Request[C], state: S, event: E, before: list[Record]) -> Record:
        scope = self._decider.scope(state)
        kind, payload = self._decider.to_event(state, event, request, scope)
        if len(payload) > LARGEST_EVENT:
            raise InvalidArgument("TOO_LARGE", bytes=len(payload), most=LARGEST_EVENT)
        previous = before[-1].hash if before else self._hashes.get(request.aggregate_id, FIRST)
        record = Record(
            aggregate_id=request.aggregate_id,
            version=state.version,
            kind=kind,
            payload=payload,
            request_id=request.request_id,
            actor=request.actor,
            time=state.time,
            correlation_id=scope.correlation,
            causation_id=request.cause,
            traceparent=request.traceparent,
        )
        return sealed(record, previous)

    def _broken(self, request: Request[C]) -> Outcome:
        return self._refused(request, Broken("INTERNAL"))

    def _refused(self, request: Request[C], refusal: Refusal) -> Outcome:
        return self._outcome(request, refusal.reason, refused_answer(refusal))

    def _outcome(self, request: Request[C], reason: str, answer: Row) -> Outcome:
        state = self._states.get(request.aggregate_id)
        return Outcome(
            request_id=request.request_id,
            body_hash=request.body_hash,
            aggregate_id=request.aggregate_id,
            version=state.version if state else 0,
            reason=reason,
            answer=answer,
            time=self._now_after(state),
            call=request.call,
        )

    def _now_after(self, state: S | None) -> datetime:
        """Time of an aggregate never runs backwards, whatever the clock of the database does."""
        return max(self._now, state.time) if state else self._now
