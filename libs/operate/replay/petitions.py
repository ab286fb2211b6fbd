"""The simulated petition offices: register, accept, route; then reply and file."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from operate.replay.city import City, Keys
from operate.replay.client import Client, Connection, Refused
from operate.replay.ledger import Case, Ledger
from operate.replay.mapping import by_hash
from operate.replay.rows import Letter
from operate.replay.taken import Record

PETITIONS = "/v1/petitions"
CLERKS = ("接访员一", "接访员二", "接访员三")
SETTLED = frozenset({"RESOLVED", "CLOSED"})
ENDED = frozenset({"DECLINED", "REFERRED"})
POLL_FIRST, POLL_LONGEST = 0.2, 2.0
LONGEST_SUBJECT = 100

ROUTED, REFERRED, DECLINED = "routed", "referred", "declined"
SHARES = {ROUTED: 94, REFERRED: 3, DECLINED: 3}
CLAIM = {"kind": "CLAIM", "lawful_channel": "PETITION"}
ADVICE = {"kind": "ADVICE"}
REFER = {"to": "省信访局", "reason": "事项属于上级机关职权。"}
DECLINE = {"reason": "同一事项正在法院审理。", "told_where": "向受理法院提出。"}
REPLY = {"reply": "您反映的事项已经办结，办理情况见告知书。"}


class Offices:
    """`opened` is called with each routed petition, so that its department starts. `taken` are the
    petitions of rows that were taken before, by key."""

    def __init__(
        self,
        connection: Connection,
        keys: Keys,
        city: City,
        ledger: Ledger,
        opened: Callable[[Case], None],
        taken: Mapping[str, Record],
    ) -> None:
        self._connection, self._keys, self._taken = connection, keys, taken
        self._offices = offices_of(city)
        self._ledger, self._opened = ledger, opened

    async def take(self, letter: Letter) -> None:
        """Register a letter, then route, refer or decline it. Raises Refused and NoAnswer."""
        start, office = time.perf_counter(), self._office(letter.area)
        client = self._client(office, letter.key)
        petition = self._taken.get(letter.key)
        if petition is None:
            answer = await client.post(PETITIONS, f"{letter.key}/register", body_of(letter))
            petition = self._ledger.took("register", answer)
        else:
            self._ledger.done["register"] += 1
        case = Case(petition["id"], petition["code"], start, office=office)
        if petition["incident"]:
            self._is_routed(case, petition)
            return
        if petition["state"] in ENDED:
            return
        match chosen(letter):
            case "referred":
                await self._act(client, letter, case, "refer", REFER)
            case "declined":
                await self._act(client, letter, case, "decline", DECLINE)
            case _:
                await self._act(client, letter, case, "accept", kind_of(letter))
                await self._route(client, letter, case)

    async def file(self, case: Case) -> None:
        """Reply and file, once the petition's incident is settled. Raises Refused and NoAnswer."""
        client = self._client(case.office, case.id)
        petition = await self._settled(client, case)
        try:
            if petition["state"] not in ("REPLIED", "CLOSED"):
                await self._step(client, case, "reply", REPLY)
            if petition["state"] != "CLOSED":
                await self._step(client, case, "close", {})
        except Refused:
            # The call-back has filed the incident meanwhile, and the petition with it.
            petition = await client.get(f"{PETITIONS}/{case.id}")
            if petition["state"] != "CLOSED":
                raise
        case.filed = True
        self._ledger.since("registered_to_filed", case.start)

    async def _route(self, client: Client, letter: Letter, case: Case) -> None:
        self._is_routed(case, await self._act(client, letter, case, "route", {}))

    def _is_routed(self, case: Case, petition: Record) -> None:
        case.unit, case.opened = (petition["incident"] or {}).get("unit") or "", time.perf_counter()
        self._ledger.add(case)
        self._opened(case)

    async def _act(
        self, client: Client, letter: Letter, case: Case, verb: str, body: dict[str, Any]
    ) -> Any:
        path = f"{PETITIONS}/{case.id}:{verb}"
        return self._ledger.took(verb, await client.post(path, f"{letter.key}/{verb}", body))

    async def _step(self, client: Client, case: Case, verb: str, body: dict[str, Any]) -> None:
        path = f"{PETITIONS}/{case.id}:{verb}"
        answer = await client.post(path, f"{case.id}/{verb}", body)
        self._ledger.took(f"petition_{verb}", answer)

    async def _settled(self, client: Client, case: Case) -> Any:
        """Poll until the petition's incident is settled; it follows its incident over Kafka."""
        pause = POLL_FIRST
        while True:
            petition = await client.get(f"{PETITIONS}/{case.id}")
            if (petition["incident"] or {}).get("state") in SETTLED:
                return petition
            await asyncio.sleep(pause)
            pause = min(2 * pause, POLL_LONGEST)

    def _office(self, area: str) -> str:
        """The petition office of the area's county, or else the city's."""
        return self._offices.get(area[:6]) or sorted(self._offices.values())[0]

    def _client(self, office: str, name: str) -> Client:
        return Client(self._connection, self._keys.units[office], by_hash(name, CLERKS))


def offices_of(city: City) -> dict[str, str]:
    """The petition office of each area that has one."""
    return {
        unit.partition("-")[0]: unit
        for unit, kind in city.units.items()
        if kind == "petition_office"
    }


def readers(connection: Connection, keys: Keys, city: City) -> list[Client]:
    """One client for each office: together they see every petition."""
    return [
        Client(connection, keys.units[office], by_hash(office, CLERKS))
        for office in offices_of(city).values()
    ]


def chosen(letter: Letter) -> str:
    """Choose by the row's key, so that a second replay chooses the same."""
    chance = random.Random(letter.key)  # noqa: S311 - a choice, not a secret
    return chance.choices(list(SHARES), list(SHARES.values()))[0]


def kind_of(letter: Letter) -> dict[str, Any]:
    return ADVICE if "建议" in letter.subject else CLAIM


def body_of(letter: Letter) -> dict[str, Any]:
    return {
        "channel": letter.channel,
        "subject": letter.subject[:LONGEST_SUBJECT],
        "text": letter.text,
        "petitioners": [{"name": letter.petitioner}],
        "place": {"text": "", "area": letter.area},
        "category": letter.category,
        "priority": "P3",
    }
