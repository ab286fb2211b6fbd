"""The simulated 110 desk: takes calls, sends teams out, ends each receipt in one of five ways."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from operate.replay.city import City, Team
from operate.replay.client import Client, Refused
from operate.replay.ledger import Case, Ledger
from operate.replay.mapping import by_hash
from operate.replay.plan import End, Planned, nearest_team
from operate.replay.rows import Call
from operate.replay.taken import Record

RECEIPTS = "/v1/receipts"
ANSWER = {"reply": "已在电话中答复：所需材料和办理地点已告知，来电人表示清楚。"}
PASS = {"to": "12345", "note": "非警务事项，一键转 12345 办理。"}
OVER = ("INCIDENT_OVER", "INCIDENT_MERGED")
INVALID = ("HOAX", "TEST", "WRONG_NUMBER", "SILENT", "HUNG_UP")

Opened = Callable[[Case], None]
NONE: Mapping[str, Record] = {}


class Desk:
    """`connect` opens a team's terminal; `opened` is called with each opened incident. `taken` are
    the receipts of rows that were taken before, by key."""

    def __init__(
        self,
        client: Client,
        city: City,
        ledger: Ledger,
        connect: Callable[[str], None],
        opened: Opened,
        taken: Mapping[str, Record] = NONE,
    ) -> None:
        self._client, self._city, self._ledger = client, city, ledger
        self._connect, self._opened, self._taken = connect, opened, taken
        self._cases: dict[str, asyncio.Future[Case | None]] = {}

    def expect(self, planned: Sequence[Planned]) -> None:
        """Register the calls that will be opened, so that repeats can wait for them."""
        loop = asyncio.get_running_loop()
        for each in planned:
            if each.end is End.OPENED:
                self._cases[each.call.key] = loop.create_future()

    async def take(self, planned: Planned) -> None:
        """Take a call, send a team if planned, and end the receipt. Raises Refused and NoAnswer."""
        waiting = self._cases.get(planned.call.key)
        try:
            await self._take(planned)
        except Exception as error:
            if waiting and not waiting.done():
                waiting.set_exception(error)
                waiting.exception()  # marks it retrieved: there may be no repeat that awaits it
            raise
        if waiting and not waiting.done():
            waiting.set_result(None)

    async def _take(self, planned: Planned) -> None:
        call, start = planned.call, time.perf_counter()
        receipt = self._taken.get(call.key)
        if receipt is None:
            answer = await self._client.post(RECEIPTS, f"{call.key}/receive", body_of(call))
            receipt = self._ledger.took("receive", answer)
        else:
            self._ledger.done["receive"] += 1
        case = Case(receipt["id"], receipt["code"], start)
        if receipt.get("outcome"):
            self._go_on(planned, case, receipt)
            return
        if planned.end is not End.OPENED:
            if await self._ended(planned, receipt["id"]):
                return
            planned = replace(planned, end=End.OPENED)
        if planned.sends_team:
            await self._dispatch(call, case, receipt)
        await self._open(call, case)

    async def _ended(self, planned: Planned, receipt: str) -> bool:
        """End it as planned; False for a link to a matter that is over by now, or that was never
        opened: it is a new matter then."""
        verb, body = await self._ending(planned)
        if not verb:
            return False
        try:
            await self._end(planned.call, receipt, verb, body)
        except Refused as refused:
            if planned.end is End.LINKED and refused.reason in OVER:
                return False
            raise
        return True

    def _go_on(self, planned: Planned, case: Case, receipt: Record) -> None:
        """With a receipt that had ended before this replay: its incident may still be open."""
        if receipt["outcome"] != End.OPENED:
            return
        if receipt["dispatches"]:
            self._send(planned.call, case, receipt)
        self._is_open(planned.call, case, receipt)

    def _send(self, call: Call, case: Case, receipt: Record) -> Team | None:
        grid = (receipt["grid"] or {}).get("code", "")
        team = nearest_team(call.category, grid, self._city.teams)
        if team is not None:
            case.team = team.code
            self._ledger.add(case)  # before the dispatch: the push may arrive before the answer
            self._connect(team.code)
        return team

    async def _dispatch(self, call: Call, case: Case, receipt: Record) -> None:
        team = self._send(call, case, receipt)
        if team is None:
            return
        path = f"{RECEIPTS}/{case.id}:dispatch"
        answer = await self._client.post(path, f"{call.key}/dispatch", {"team": team.code})
        self._ledger.took("dispatch", answer)

    async def _open(self, call: Call, case: Case) -> None:
        self._is_open(call, case, await self._end(call, case.id, "open", {}))

    def _is_open(self, call: Call, case: Case, receipt: Record) -> None:
        incident = receipt["incident"] or {}
        case.unit, case.opened = incident.get("unit") or "", time.perf_counter()
        self._ledger.add(case)
        if expected := self._cases.get(call.key):
            expected.set_result(case)
        self._opened(case)

    async def _ending(self, planned: Planned) -> tuple[str, Mapping[str, Any]]:
        match planned.end:
            case End.LINKED:
                about = await self._cases[planned.about]
                return ("link", {"incident": about.id}) if about else ("", {})
            case End.ANSWERED:
                return "answer", ANSWER
            case End.PASSED:
                return "pass", PASS
            case _:
                return "markInvalid", {"reason": by_hash(planned.call.key, INVALID)}

    async def _end(self, call: Call, receipt: str, verb: str, body: Mapping[str, Any]) -> Any:
        """The plan says how it ends, so the person confirms an end below a suggested danger."""
        body = {**body, "confirm_priority": True}
        path = f"{RECEIPTS}/{receipt}:{verb}"
        return self._ledger.took(verb, await self._client.post(path, f"{call.key}/{verb}", body))


def body_of(call: Call) -> dict[str, Any]:
    """The request of a receipt; `reference` is the row's stamp, by which it is found again."""
    return {
        "kind": call.kind,
        "caller": {"number": call.number, "name": call.name, "protected": False},
        "place": {
            "text": call.place,
            "point": {"longitude": call.point.longitude, "latitude": call.point.latitude},
        },
        "category": call.category,
        "priority": call.priority,
        "narrative": call.narrative,
        "reference": call.stamp,
    }
