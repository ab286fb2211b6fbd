"""The tables of the simulated Postgres, and what the statements of the flow do to them.

A statement sees what was committed before it, and nothing of other transactions.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from backbone.door import demanded, notices, outcomes, statements
from backbone.kafka import relay
from services.workflow import storage

HELD = ("CLAIMED", "HANDLING")

Row = dict[str, Any]
Handler = Callable[["Any", Sequence[Any]], list[Row]]  # of a session


class Transaction:
    """What one transaction has written so far; only it sees it."""

    def __init__(self) -> None:
        self.states: dict[UUID, Row] = {}
        self.records: list[Row] = []
        self.outcomes: dict[UUID, Row] = {}
        self.withdrawn: set[UUID] = set()
        self.unsent: list[int] = []
        self.notices: list[tuple[str, str]] = []


class Tables:
    """What is committed, and the statements by their text."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.states: dict[UUID, Row] = {}
        self.holders: dict[UUID, set[UUID]] = defaultdict(set)
        self.codes: dict[str, UUID] = {}
        self.journal: dict[UUID, list[Row]] = defaultdict(list)
        self.positions: dict[int, Row] = {}
        self.outcomes: dict[UUID, Row] = {}
        self.unsent: set[int] = set()
        self.commits: list[list[Row]] = []  # the journal rows of each, in the order of the commits
        self._position = 0
        self.handlers: dict[str, Handler] = {
            statements.load_from([storage.TABLE]): self._load,
            statements.find_in([storage.TABLE]): self._find,
            statements.write_to([storage.TABLE]): self.write,
            statements.write_to([]): self._write_answers,
            statements.HISTORY: self._history,
            statements.WITHDRAW: self._withdraw,
            notices.NOTIFY: self._tell,
            storage.DUE.page: self._due,
            storage.DUE.seconds: self._until_due,
            storage.NEXT: self._next_of_pool,
            relay.COMMIT_ASYNC: lambda session, args: [],
            demanded.BEGAN: lambda session, args: [{"since": 0, "accepts_unsigned": False}],
            relay.NEXT: self._next_unsent,
            "SELECT 1": lambda session, args: [],
        }

    # The end of a transaction.

    def require_new(self, written: Transaction) -> None:
        """The unique keys: of the journal, of the outcomes, and the code of an incident."""
        for request_id in written.outcomes:
            if request_id in self.outcomes and request_id not in written.withdrawn:
                raise asyncpg.UniqueViolationError("outcomes_pkey")
        for record in written.records:
            if len(self.journal[record["aggregate_id"]]) >= record["version"]:
                raise asyncpg.UniqueViolationError("journal_aggregate_id_version_key")
        codes: dict[str, UUID] = {}
        for of, row in written.states.items():
            code = row["code"]
            if self.codes.get(code, of) != of or codes.setdefault(code, of) != of:
                raise asyncpg.UniqueViolationError("incidents_code_key")

    def apply(self, written: Transaction) -> None:
        for of, row in written.states.items():
            before = self.states.get(of)
            if before is not None and before["held_by"] is not None:
                self.holders[before["held_by"]].discard(of)
            if row["held_by"] is not None:
                self.holders[row["held_by"]].add(of)
            self.states[of] = row
            self.codes[row["code"]] = of
        for record in written.records:
            self.journal[record["aggregate_id"]].append(record)
            self.positions[record["position"]] = record
        for request_id in written.withdrawn:
            self.outcomes.pop(request_id, None)
        self.outcomes.update(written.outcomes)
        self.unsent.update(written.unsent)
        if written.records:
            self.commits.append(written.records)

    # The statements of the door.

    def _load(self, session: Any, args: Sequence[Any]) -> list[Row]:
        aggregate_ids, request_ids, groups = args
        rows: list[Row] = [{"part": "now", "now": self.now()}]
        for request_id in request_ids:
            if (row := self.outcomes.get(request_id)) is not None:
                doc = msgspec.json.encode(row)
                part = {"part": "outcomes", "id": request_id, "doc": doc}
                rows.append({**part, "proof": row["proof"]})
        for of in aggregate_ids:
            if (row := self.states.get(of)) is not None:
                rows.append({"part": "incidents", **row})
        for key in groups:
            members = sorted(self.holders.get(key, ()))
            rows += [{"part": "group", "id": of, "doc": str(key)} for of in members]
        return rows

    def _find(self, session: Any, args: Sequence[Any]) -> list[Row]:
        found = []
        for request_id in args[0]:
            row = self.outcomes.get(request_id)
            if row is None:
                continue
            state = self.states.get(row["aggregate_id"])
            fits = state is not None and state["version"] == row["version"] and not row["reason"]
            part = state if fits else None
            shown = ("shape", "doc", "hash")
            beside = {name: part[name] if part else None for name in shown}
            its = {"of_outcome": row["proof"], "part": "incidents" if part else None}
            found.append({**row, **beside, **its})
        return found

    def _history(self, session: Any, args: Sequence[Any]) -> list[Row]:
        of, version = args
        own = session.transaction.records if session.transaction else []
        rows = [*self.journal.get(of, ()), *(row for row in own if row["aggregate_id"] == of)]
        return [row for row in rows if row["version"] <= version]

    def _withdraw(self, session: Any, args: Sequence[Any]) -> list[Row]:
        assert session.transaction is not None
        session.transaction.withdrawn.update(args[0])
        return []

    def write(self, session: Any, args: Sequence[Any], queue: bool = True) -> list[Row]:
        """The write with changed states; without `queue` its rows are not noted as unsent."""
        written, width = session.transaction, len(STATE)
        assert written is not None
        for values in zip(*args[:width], strict=True):
            row = dict(zip(STATE, values, strict=True))
            _require_checks(row)
            written.states[row["id"]] = row
        for values in zip(*args[width : width + len(JOURNAL)], strict=True):
            self._position += 1
            record = dict(zip(JOURNAL, values, strict=True))
            record["position"] = self._position
            written.records.append(record)
            if queue:
                written.unsent.append(self._position)
        return self._write_answers(session, args[width:])

    def _write_answers(self, session: Any, args: Sequence[Any]) -> list[Row]:
        written, first = session.transaction, len(JOURNAL)
        assert written is not None
        for values in zip(*args[first:-2], strict=True):
            row = dict(zip(outcomes.WRITTEN, values, strict=True))
            row["facts"] = msgspec.json.decode(row["facts"])
            written.outcomes[row["request_id"]] = row
        self.require_new(written)
        return self._tell(session, args[-2:])

    def _tell(self, session: Any, args: Sequence[Any]) -> list[Row]:
        assert session.transaction is not None
        session.transaction.notices += zip(*args, strict=True)
        return []

    # The statements of the timers, of taking the next, and of the relay.

    def _due(self, session: Any, args: Sequence[Any]) -> list[Row]:
        resting, now = set(zip(*args, strict=True)), self.now()
        due = [
            row
            for row in self.states.values()
            if row["due_time"] is not None
            and row["due_time"] <= now
            and (row["id"], row["version"]) not in resting
        ]
        return sorted(due, key=lambda row: row["due_time"])[:100]

    def _until_due(self, session: Any, args: Sequence[Any]) -> list[Row]:
        times = [row["due_time"] for row in self.states.values() if row["due_time"] is not None]
        return [{"seconds": (min(times) - self.now()).total_seconds() if times else None}]

    def _next_of_pool(self, session: Any, args: Sequence[Any]) -> list[Row]:
        unit, lost, sources, accusing = args
        pool = [
            (row["priority"], row["open_time"], row["id"])
            for row in self.states.values()
            if row["unit"] == unit and row["state"] == "OFFERED" and row["id"] not in lost
            if unit in row["readers"] and row["source"] in sources
            if not row["against"] or accusing
        ]
        return [{"id": min(pool)[2]}] if pool else []

    def _next_unsent(self, session: Any, args: Sequence[Any]) -> list[Row]:
        sent = args[0]
        oldest = sorted(self.unsent.difference(sent))[:500]
        self.unsent.difference_update(sent)
        return [{**self.positions[position], "age": 0.0} for position in oldest]


STATE = tuple(statements.columns_of(storage.TABLE))
JOURNAL = tuple(statements.JOURNAL)


def _require_checks(row: Row) -> None:
    """The CHECKs of the table of incidents."""
    held, pooled = row["state"] in HELD, row["state"] == "OFFERED"
    if not row["accountable_unit"] or row["version"] < 1:
        raise asyncpg.CheckViolationError("incidents_accountable_unit_check")
    if held and (not row["holder"] or row["accountable_unit"] != row["unit"]):
        raise asyncpg.CheckViolationError("incidents_held_check")
    if pooled and (row["holder"] or not row["unit"]):
        raise asyncpg.CheckViolationError("incidents_pooled_check")
