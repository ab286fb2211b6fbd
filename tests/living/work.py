"""Desks, units, teams and mediators at work on ordinary matters, one after the other."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx

from tests.living.book import Book, Noted
from tests.living.ledger import Ledger
from tests.people import CALL, TOWNSHIP, Visit, visiting
from tests.servers import Installed

PACE = 0.15
PATIENCE = 120.0
COMMAND, OFFICE = "990100-command", "990101-petition_office"
TEAM, FIRE = "990101-fire-team", "990101-fire"
URBAN, MEDIATION = f"{TOWNSHIP}-urban_management", f"{TOWNSHIP}-mediation"
PETITION = {
    "channel": "VISIT",
    "subject": "村口路灯半年不亮",
    "text": "村口到学校的路灯半年不亮。",
    "petitioners": [{"name": "赵某", "contact": "13900000000"}],
    "place": {"text": "青山镇和源村村口", "area": TOWNSHIP},
    "category": "urban.lamp",
}
DISPUTE = {
    "kind": "NEIGHBOURS",
    "subject": "楼上漏水",
    "text": "楼上漏水,墙面受损。",
    "parties": [
        {"side": "APPLICANT", "name": "钱某", "contact": "13900000002"},
        {"side": "RESPONDENT", "name": "孙某"},
    ],
    "place": {"text": "青山镇", "area": TOWNSHIP},
}
CARE = {
    "programme": "MINOR_PROTECTION",
    "legal_basis": "未成年人保护法,民政局函〔2026〕3号",
    "person": {"name": "李小明", "contact": "13700000000"},
    "to_unit": f"{TOWNSHIP}-township",
}
DONE = {"outcome": "SOLVED", "reply": "已处置"}
AGREEMENT = {"oral": True, "terms": "楼上三日内修好水管,赔偿墙面粉刷费用。"}


class Worker:
    """One who works; `stories` are done in turn until `stop`."""

    def __init__(self, visit: Visit, ledger: Ledger, rest: asyncio.Event) -> None:
        self._visit, self._ledger, self._rest = visit, ledger, rest
        self.busy = False
        self.failed: list[str] = []

    async def work(self, story: Callable[["Worker"], Awaitable[None]]) -> None:
        """For ever; a story that fails or breaks is noted, and the next one begins."""
        while True:
            try:
                await story(self)
            except Exception as error:  # noqa: BLE001 - one who stops working would hide the rest
                self.failed.append(f"{story.__name__}: {error!r}")
                await asyncio.sleep(1)

    async def person(self, user: str) -> Noted:
        """Sign in, again and again while the front door is away."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                client = await self._visit.person(user)
            except (httpx.TransportError, AssertionError):
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.5)
            else:
                return cast(Noted, client)

    def system(self, unit: str, role: str = "", person: str = "", team: str = "") -> Noted:
        return cast(Noted, self._visit.system(unit, role, person, team))

    async def do(self, client: Noted, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Write, and enter it into the ledger; nothing is begun while people rest."""
        await self._turn()
        try:
            answer = await client.do(path, body)
            self._ledger.write(path, answer)
        finally:
            self.busy = False
        return answer

    async def until(self, client: Noted, path: str, state: str) -> None:
        """Look until the record knows that its incident has come so far."""
        while ((await self.look(client, path)).get("incident") or {}).get("state") != state:
            await asyncio.sleep(0.3)

    async def look(self, client: Noted, path: str) -> Any:
        await self._turn()
        try:
            return await client.look(path)
        finally:
            self.busy = False

    async def _turn(self) -> None:
        await asyncio.sleep(PACE)
        await self._rest.wait()
        self.busy = True


async def calls(worker: Worker) -> None:
    """A call, its incident, and the team that is sent; filed in the end."""
    desk, sender = worker.system(COMMAND, "call_taker"), worker.system(COMMAND, "dispatcher")
    receipt = await worker.do(desk, "/v1/receipts", CALL)
    of = f"/v1/receipts/{receipt['id']}"
    opened = await worker.do(desk, f"{of}:open", {"confirm_priority": True})
    unit = unit_of(opened) or await routed(worker, desk, of)
    incident = f"/v1/incidents/{receipt['id']}"
    order = await worker.do(sender, f"{of}:dispatch", {"team": TEAM})
    mission = f"/v1/missions/{order['mission'].get('id') or await sent(worker, desk, of)}"
    crew = worker.system(FIRE, team=TEAM)
    await worker.do(crew, f"{mission}:acknowledge")
    clerk = worker.system(unit, "clerk", "经办甲")
    await worker.do(clerk, f"{incident}:claim")
    await worker.do(crew, f"{mission}:enRoute")
    await worker.do(clerk, f"{incident}:report", {"text": "已到现场", "public": True})
    await worker.do(crew, f"{mission}:clear", {"result": "处置完毕"})
    await worker.do(clerk, f"{incident}:resolve", DONE)
    await worker.until(desk, of, "RESOLVED")
    await worker.do(desk, f"{incident}:verify", {"solved": "YES"})
    await worker.do(desk, f"{incident}:close")


def unit_of(record: Any) -> str:
    """The unit that has the incident of a record; none while its desk has it, or nothing is known
    of it yet."""
    unit = str((record.get("incident") or {}).get("unit") or "")
    return "" if unit == COMMAND else unit


async def routed(worker: Worker, desk: Noted, record: str) -> str:
    """The unit of an opening that workflow could not answer at once: its event opens it."""
    async with asyncio.timeout(PATIENCE):
        while not (unit := unit_of(await worker.look(desk, record))):
            await asyncio.sleep(0.3)
    return unit


async def sent(worker: Worker, desk: Noted, receipt: str) -> str:
    """The mission of an order that emergency could not answer at once: its event delivers it."""
    while not (found := (await worker.look(desk, receipt))["dispatches"][0].get("mission")):
        await asyncio.sleep(0.3)
    return str(found)


async def petitions(worker: Worker) -> None:
    office, clerk = worker.system(OFFICE, "clerk"), worker.system(URBAN, "clerk", "经办乙")
    petition = await worker.do(office, "/v1/petitions", PETITION)
    one, incident = f"/v1/petitions/{petition['id']}", f"/v1/incidents/{petition['id']}"
    await worker.do(office, f"{one}:accept", {"kind": "CLAIM", "lawful_channel": "PETITION"})
    await worker.do(office, f"{one}:route")
    await routed(worker, office, one)
    await worker.do(clerk, f"{incident}:claim")
    await worker.do(clerk, f"{incident}:resolve", DONE)
    await worker.until(office, one, "RESOLVED")
    await worker.do(office, f"{one}:reply")
    await worker.do(office, f"{one}:close")


async def quarrels(worker: Worker) -> None:
    mediator = await worker.person(f"mediator.{MEDIATION}")
    for _ in range(20):
        dispute = await worker.do(mediator, "/v1/disputes", DISPUTE)
        one = f"/v1/disputes/{dispute['id']}"
        await worker.do(mediator, f"{one}:accept", {"mediation": "PEOPLE"})
        await worker.do(mediator, f"{one}:session", {"text": "双方到场,愿意协商。"})
        await worker.do(mediator, f"{one}:agreement", {"agreement": AGREEMENT})
        await worker.do(mediator, f"{one}:close")


async def care(worker: Worker) -> None:
    sender = worker.system(f"{TOWNSHIP}-justice", "clerk")
    head = await worker.person(f"head.{TOWNSHIP}-township")
    carer = await worker.person(f"care_worker.{TOWNSHIP}-township")
    entrusted = {"care_workers": [f"care_worker.{TOWNSHIP}-township"]}
    for _ in range(20):
        handed = await worker.do(sender, "/v1/care-cases", CARE)
        one = f"/v1/care-cases/{handed['id']}"
        await worker.do(head, f"{one}:receive", entrusted)
        await worker.do(carer, f"{one}:requestService", {"text": "一名儿童需要助学金"})


STORIES = (calls, calls, petitions, quarrels, care)


class Staff:
    """All people at work in one city; `book` says what they saw, `ledger` what they did."""

    def __init__(self) -> None:
        self.book, self.ledger = Book(), Ledger()
        self._rest = asyncio.Event()
        self._rest.set()
        self.workers: list[Worker] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def rest(self) -> None:
        """Return when every request is answered; no other one begins before `go_on`."""
        self._rest.clear()
        async with asyncio.timeout(PATIENCE):
            while any(worker.busy for worker in self.workers):
                await asyncio.sleep(0.05)

    def go_on(self) -> None:
        self._rest.set()

    @asynccontextmanager
    async def at_work(self, city: Installed) -> AsyncIterator["Staff"]:
        async with visiting(city, self.book.client) as visit:
            self.workers = [Worker(visit, self.ledger, self._rest) for _ in STORIES]
            pairs = zip(self.workers, STORIES, strict=True)
            self.tasks = [asyncio.create_task(worker.work(story)) for worker, story in pairs]
            try:
                yield self
            finally:
                for task in self.tasks:
                    task.cancel()
                await asyncio.gather(*self.tasks, return_exceptions=True)

    def take_failed(self) -> list[str]:
        """The stories that have failed since this was asked last."""
        failed = [words for worker in self.workers for words in worker.failed]
        for worker in self.workers:
            worker.failed.clear()
        return failed
