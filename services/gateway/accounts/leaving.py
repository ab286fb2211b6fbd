"""A leaver's matters go to a successor in one act: incidents that are held, and entrusted cases.

A petition or a dispute is held through its incident; its own office stays the same.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc

from backbone.postgres.pool import Pool
from backbone.rpc.channels import may_still_happen, refusal_of
from liandong.incident.v1 import incident_service_pb2 as incidents
from liandong.population.v1 import population_service_pb2 as population
from services.gateway.accounts import audit, storage
from services.gateway.accounts.audit import Line
from services.gateway.accounts.coded import Coded
from services.gateway.accounts.deputies import no_such_account
from services.gateway.http.problems import Problem

REASON = "人员离岗，事项移交"
PAGE = 200

# Calls one RPC as the person who decides: the service, the name of the RPC, the request.
Call = Callable[[str, str, Any], Awaitable[Any]]


@dataclass(slots=True)
class HandedOver:
    """How many went over, and which did not, each with the reason of the refusal."""

    incidents: int = 0
    care_cases: int = 0
    left: list[dict[str, str]] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        return {"incidents": self.incidents, "care_cases": self.care_cases, "left": self.left}


@dataclass(frozen=True, slots=True)
class Leaving:
    """Both are accounts of one unit."""

    pool: Pool
    coded: Coded

    async def pair(self, user: str, successor: str) -> tuple[Any, Any]:
        """The accounts of both. Raises Problem 404, 422, and 500 for one that was changed by
        hand."""
        leaver = await storage.named(self.pool, user)
        heir = await storage.named(self.pool, successor)
        if leaver is None:
            raise Problem(404, "NO_SUCH_ACCOUNT", {"user": user})
        if heir is None or heir["disabled"]:
            raise no_such_account(successor, "successor")
        for account in (leaver, heir):
            await self.coded.require_account(self.pool, account)
        if leaver["user_name"] == heir["user_name"] or leaver["unit"] != heir["unit"]:
            raise Problem(422, "NOT_A_SUCCESSOR", {"user": successor, "unit": leaver["unit"]})
        return leaver, heir

    async def hand_over(self, user: str, successor: str, actor: str, call: Call) -> HandedOver:
        """Re-assign everything; what is refused stays where it is, and is told. A repeat goes on.

        Raises Problem 404, 422, and AioRpcError while a service does not answer.
        """
        leaver, heir = await self.pair(user, successor)
        user, successor = leaver["user_name"], heir["user_name"]
        done = HandedOver()
        async for each in _held(call, user, leaver["unit"]):
            request = incidents.ReassignIncidentRequest(
                incident_id=each.id, reason=REASON, successor=successor
            )
            if await _moved(call, ("workflow", "ReassignIncident"), request, each, done.left):
                done.incidents += 1
        async for case in _entrusted(call, user):
            workers = dict.fromkeys(successor if w == user else w for w in case.care_workers)
            change = population.EntrustCareCaseRequest(care_case_id=case.id, care_workers=workers)
            if await _moved(call, ("population", "EntrustCareCase"), change, case, done.left):
                done.care_cases += 1
        facts = {"successor": successor, **done.told()}
        line = Line("MATTERS_HANDED_OVER", user, leaver["unit"], actor, facts=facts)
        await audit.save(self.pool, line)
        return done


async def _moved(
    call: Call, rpc: tuple[str, str], request: Any, each: Any, left: list[dict[str, str]]
) -> bool:
    try:
        await call(*rpc, request)
    except grpc.aio.AioRpcError as error:
        refusal = refusal_of(error)
        if refusal is None or may_still_happen(error):
            raise
        left.append({"id": each.id, "code": each.code, "reason": refusal.reason})
        return False
    return True


async def _held(call: Call, user: str, unit: str) -> AsyncIterator[Any]:
    def request(token: str) -> Any:
        return incidents.ListIncidentsRequest(
            holder=user, unit=unit, page_size=PAGE, page_token=token
        )

    for each in await _all(call, ("workflow", "ListIncidents"), request):
        yield each


async def _entrusted(call: Call, user: str) -> AsyncIterator[Any]:
    def request(token: str) -> Any:
        return population.ListCareCasesRequest(page_size=PAGE, page_token=token)

    for case in await _all(call, ("population", "ListCareCases"), request):
        if user in case.care_workers:
            yield case


async def _all(call: Call, rpc: tuple[str, str], request: Callable[[str], Any]) -> list[Any]:
    """Every page, read before anything changes."""
    found: list[Any] = []
    token = ""
    while True:
        page = await call(*rpc, request(token))
        found += page.items
        token = page.next_page_token
        if not token:
            return found
