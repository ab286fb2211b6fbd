"""Works on one incident, from any state, until it is closed."""

from collections.abc import Mapping
from typing import Any

from operate.replay.city import City, Keys
from operate.replay.client import Client, Connection, Refused
from operate.replay.ledger import Case, Ledger
from operate.replay.mapping import by_hash

INCIDENTS = "/v1/incidents"
CLERKS = ("经办一", "经办二", "经办三")
OVER = frozenset({"CLOSED", "VOIDED", "MERGED"})
STALE = frozenset({404, 409, 412})
MOST_ATTEMPTS = 12

REPORT = {"text": "已到场了解情况，正在处理。", "public": True}
RESOLVE = {"outcome": "SOLVED", "reply": "事情已经处理完毕，当事人无异议。"}
VERIFY = {"solved": "YES", "note": "电话回访：已解决。"}
DESIGNATE = "分流规则未确定主管单位，由值班调度指定属地镇街。"


class Casework:
    """Chooses each step by the state that the city reports, so work can be resumed anywhere."""

    def __init__(self, connection: Connection, keys: Keys, city: City, ledger: Ledger) -> None:
        self._connection, self._keys, self._ledger = connection, keys, ledger
        self._township = sorted(u for u, kind in city.units.items() if kind == "township")[0]
        self.dispatcher = Client(connection, keys.desk["dispatcher"], "值班调度")

    def department(self, unit: str, incident: str) -> Client:
        """A client for one clerk of the unit, always the same one for the same incident."""
        return Client(self._connection, self._keys.units[unit], by_hash(incident, CLERKS))

    async def incident(self, case: Case) -> Any:
        return await self._desk(case, "值班调度").get(f"{INCIDENTS}/{case.id}")

    def _desk(self, case: Case, person: str) -> Client:
        """The 110 desk; of a petition, which that one does not know, its own office."""
        key = self._keys.units[case.office] if case.office else self._keys.desk["dispatcher"]
        return Client(self._connection, key, person)

    async def close(self, case: Case, incident: Mapping[str, Any]) -> None:
        """Take steps until the incident is closed. Raises Refused and NoAnswer."""
        refusals, was_over = 0, incident["state"] in OVER
        while incident["state"] not in OVER:
            try:
                incident = await self._step(case, incident)
            except Refused as refused:
                refusals += 1
                if refused.status not in STALE or refusals > MOST_ATTEMPTS:
                    raise
                # A clock or another clerk was quicker: read the state again.
                incident = await self.incident(case)
        case.closed = True
        if not was_over:
            self._ledger.since("opened_to_closed", case.opened)
        self._ledger.done["closed"] += 1

    async def _step(self, case: Case, incident: Mapping[str, Any]) -> Any:
        client, verb, body = self._next(case, incident)
        version = int(incident["version"])
        key = f"{case.id}/{verb}/{version}"
        path = f"{INCIDENTS}/{case.id}:{verb}"
        answer = await client.post(path, key, body, version)
        if verb == "claim" and not answer.replayed:
            self._ledger.since("opened_to_claimed", case.opened)
        return self._ledger.took(verb, answer)

    def _next(
        self, case: Case, incident: Mapping[str, Any]
    ) -> tuple[Client, str, Mapping[str, Any]]:
        verifier = self._desk(case, "回访员")
        match incident["state"]:
            case "RESOLVED" if incident["solved"]:
                return verifier, "close", {}
            case "RESOLVED":
                return verifier, "verify", VERIFY
            case "TRIAGE" | "REPORTED":
                body = {"to_unit": self._township, "reason": DESIGNATE}
                return self._desk(case, "值班调度"), "designate", body
        clerk = self.department(incident["unit"], incident["id"])
        match incident["state"]:
            case "OFFERED":
                return clerk, "claim", {}
            case "CLAIMED":
                return clerk, "report", REPORT
        return clerk, "resolve", RESOLVE
