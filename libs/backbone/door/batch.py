"""Decides the requests of one batch: from the rows read to the rows to be written. Pure."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.door.decider import Decider
from backbone.door.journal import FIRST, JournalRow
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.door.table import Group
from backbone.words.errors import (
    EVIDENCE_BROKEN,
    Broken,
    Conflict,
    Expired,
    Refusal,
    Unavailable,
)

log = logging.getLogger(__name__)

# Fronts set deadlines by their own clock, and the database's clock judges them. A deadline is there
# to stop commands whose front has died; clock skew must not stop the others.
CLOCK_SKEW = timedelta(seconds=10)
# An event may retry a request whose stored outcome has one of these reasons: the call was answered
# before its effect was known. Repeats of the call still get the stored outcome.
RETRYABLE_BY_EVENT = frozenset({"EXPIRED", "INTERNAL"})


class Loaded(Struct, frozen=True):
    """A row that was read: state and hash of its last event; `flaw` if it cannot be decoded."""

    state: Any
    hash: bytes
    flaw: Exception | None = None


class Read(Struct, frozen=True):
    """The rows that the transaction of a batch has read.

    `members` are the ids of each group, by the group's key.
    """

    now: datetime
    rows: Mapping[UUID, Loaded]
    known: Mapping[UUID, Outcome]
    members: Mapping[UUID, frozenset[UUID]] = {}


class Batch:
    """Answers requests one after the other; each sees the changes of those before it."""

    def __init__(self, decider_of: Callable[[Any], Decider[Any]], read: Read) -> None:
        self._decider_of = decider_of
        self._read = read
        self._known = dict(read.known)
        self._hashes = {of: row.hash for of, row in read.rows.items()}
        self._members = {key: set(ids) for key, ids in read.members.items()}
        self.changed: dict[UUID, Any] = {}
        self.deciders: dict[UUID, Decider[Any]] = {}  # of the changed aggregates
        self.journal_rows: list[JournalRow] = []
        self.outcomes: dict[UUID, Outcome] = {}
        self.withdrawn: list[UUID] = []  # stored outcomes that those above replace

    def answer(self, request: Request[Any]) -> Outcome:
        """Decide the request, or return its stored outcome if it was answered before.

        A repeated call gets the first answer as long as its caller may still see it.
        """
        return self._first_answer(request, self._judge)

    def give_up(self, request: Request[Any]) -> Outcome:
        """Answer INTERNAL to a request that breaks the transaction, unless it has an outcome."""
        return self._first_answer(request, self._broken)

    def hash_of(self, aggregate_id: UUID) -> bytes:
        """The hash of the aggregate's last event."""
        return self._hashes.get(aggregate_id, FIRST)

    def one(self, key: UUID) -> Any | None:
        """The state of an aggregate after the requests so far; None if it does not exist."""
        if key in self.changed:
            return self.changed[key]
        row = self._read.rows.get(key)
        if row is None:
            return None
        if row.flaw is not None:
            raise row.flaw
        return row.state

    def members(self, key: UUID) -> frozenset[UUID]:
        """The ids of a group after the requests so far."""
        return frozenset(self._members.get(key, ()))

    def _first_answer(
        self, request: Request[Any], judge: Callable[[Request[Any]], Outcome]
    ) -> Outcome:
        known = self._known.get(request.request_id)
        if known is None:
            return self._answered(request, judge(request))
        if known.reason == EVIDENCE_BROKEN:  # the stored outcome was changed by hand
            return self._refused(request, Broken(EVIDENCE_BROKEN, version=known.version))
        # The flow's outcomes of 0.1.0 have no hash that can be compared; their aggregate can.
        asked = (request.body_hash, request.sealed_hash)
        same_body = not known.body_hash or known.body_hash in asked
        if not same_body or known.aggregate_id != request.aggregate_id:
            reused = Conflict("IDEMPOTENCY_KEY_REUSED", aggregate_id=known.aggregate_id)
            return self._refused(request, reused)
        if request.cause and known.reason in RETRYABLE_BY_EVENT:
            answer = self._answered(request, judge(request))
            if request.request_id in self.outcomes:  # otherwise transient: keep the stored outcome
                self.withdrawn.append(request.request_id)
            return answer
        return self._repeated(request, known)

    def _answered(self, request: Request[Any], outcome: Outcome) -> Outcome:
        if outcome.kind == Unavailable.__name__ or outcome.reason == EVIDENCE_BROKEN:
            return outcome  # transient, or for as long as the row is not mended: never stored
        self._known[request.request_id] = outcome
        self.outcomes[request.request_id] = outcome
        return outcome

    def _repeated(self, request: Request[Any], known: Outcome) -> Outcome:
        """The first answer; or a refusal, not stored, if its caller may no longer see it."""
        if not request.call:
            return known
        if request.call == known.call:
            return _at_hand(known, self._readable(request.aggregate_id))
        try:
            return self._answer_other_call(request, known)
        except Refusal as refusal:
            return self._refused(request, refusal)
        except Exception:
            log.exception("repeat.broken", extra={"request_id": request.request_id})
            return self._broken(request)

    def _answer_other_call(self, request: Request[Any], known: Outcome) -> Outcome:
        state = self._own(request)
        if state is None:
            return known
        decider = self._decider_of(request.command)
        decider.check_repeat(state, request.command, self._now_after(state), self)
        if decider.discloses(request.command) and not known.reason:
            return replace(known, version=state.version, state=state)
        return _at_hand(known, state)

    def _judge(self, request: Request[Any]) -> Outcome:
        try:
            return self._accepted(request, self._decide(request))
        except Unavailable as unavailable:
            if unavailable.reason == "NEWER_SHAPE":  # concerns this aggregate alone
                return self._refused(request, unavailable)
            raise  # concerns the whole service
        except Refusal as refusal:
            return self._refused(request, refusal)
        except Exception:
            log.exception("command.broken", extra={"request_id": request.request_id})
            return self._broken(request)

    def _decide(self, request: Request[Any]) -> list[Any]:
        if request.deadline <= self._read.now - CLOCK_SKEW:
            raise Expired("EXPIRED", deadline=request.deadline)
        state = self._own(request)
        decider = self._decider_of(request.command)
        events = decider.decide(state, request.command, self._now_after(state), self)
        # After the decision: the loser of a race must learn the winner, not an old version.
        if request.expected_version not in (None, state.version if state else 0):
            raise Conflict("STALE_VERSION", version=state.version if state else 0)
        return events

    def _accepted(self, request: Request[Any], events: list[Any]) -> Outcome:
        decider, of = self._decider_of(request.command), request.aggregate_id
        before, previous = self._own(request), self._hashes.get(of, FIRST)
        state, records = decider.journalled(before, events, request, previous)
        if state is None:
            raise ValueError("a command was accepted, yet nothing exists")
        if records:
            self.changed[of], self.deciders[of] = state, decider
            self._regroup(decider.table.group, before, state)
            self._hashes[of] = records[-1].hash
            self.journal_rows += records
        return self._outcome(request, state=state)

    def _regroup(self, group: Group[Any] | None, before: Any | None, after: Any) -> None:
        if group is None:
            return
        old, new = group.key_of(before) if before else None, group.key_of(after)
        if old is not None:
            self._members.setdefault(old, set()).discard(after.id)
        if new is not None:
            self._members.setdefault(new, set()).add(after.id)

    def _own(self, request: Request[Any]) -> Any | None:
        """The command's aggregate; None if the id belongs to another aggregate type."""
        state = self.one(request.aggregate_id)
        return state if isinstance(state, self._decider_of(request.command).record) else None

    def _broken(self, request: Request[Any]) -> Outcome:
        return self._refused(request, Broken("INTERNAL"))

    def _refused(self, request: Request[Any], refusal: Refusal) -> Outcome:
        kind = type(refusal).__name__
        return self._outcome(request, refusal.reason, kind, refusal.facts)

    def _outcome(
        self,
        request: Request[Any],
        reason: str = "",
        kind: str = "",
        facts: dict[str, str] | None = None,
        state: Any = None,
    ) -> Outcome:
        now = state or self._readable(request.aggregate_id)
        return Outcome(
            request_id=request.request_id,
            body_hash=request.body_hash,
            aggregate_id=request.aggregate_id,
            version=now.version if now else 0,
            reason=reason,
            kind=kind,
            facts=facts or {},
            time=self._now_after(now),
            call=request.call,
            state=state,
        )

    def _readable(self, of: UUID) -> Any | None:
        row = self._read.rows.get(of)
        return self.changed.get(of, row.state if row else None)

    def _now_after(self, state: Any | None) -> datetime:
        """The database's time, but never earlier than the aggregate's last event."""
        return max(self._read.now, state.time) if state else self._read.now


def _at_hand(known: Outcome, state: Any | None) -> Outcome:
    """The outcome, with the state if the aggregate still has the outcome's version."""
    current = not known.reason and state is not None and state.version == known.version
    return replace(known, state=state) if current else known
