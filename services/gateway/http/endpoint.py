"""The generic endpoint of all routes of the tables: from HTTP to gRPC and back."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import grpc
from starlette.requests import Request
from starlette.responses import Response

from backbone.postgres.pool import Pool, is_transient
from backbone.words.sight import AUDITOR
from services.gateway.accounts.auth import CITIZEN, PERSON, Authenticator, Caller, require_role
from services.gateway.accounts.disclosure import Reveals
from services.gateway.contract.plan import Plan, put
from services.gateway.contract.writing import to_json
from services.gateway.http import incoming
from services.gateway.http.addressed import read_path, read_query
from services.gateway.http.addresses import address_of
from services.gateway.http.edge import ROLE, pressed, trace_of
from services.gateway.http.limits import Limit
from services.gateway.http.located import flaws_in
from services.gateway.http.problems import Problem, Reasons, language_of
from services.gateway.http.refusals import problem_of, reason_of
from services.gateway.http.upstream import Upstream

JSON = "application/json"
AUDITED = "审计查阅"  # the purpose of an auditor who says no other


@dataclass(frozen=True, slots=True)
class Limits:
    """The rate limits: by person, by API key, and by address for callers without account."""

    people: Limit
    keys: Limit
    public: Limit
    sign_in: Limit


@dataclass(frozen=True, slots=True)
class Gate:
    """The shared parts of all endpoints."""

    authenticator: Authenticator
    limits: Limits
    reasons: Reasons
    upstream: Upstream
    pool: Pool
    reveals: Reveals

    async def admit(self, request: Request) -> Caller:
        """The caller, within the rate limit. Raises Problem 400 for a path with a character that no
        text may have, 401, 429."""
        incoming.require_plain(request.path_params)
        caller = await self.authenticator.caller_of(request)
        request.scope[ROLE] = caller.role
        (self.limits.keys if caller.is_key else self.limits.people).take(caller.principal)
        return caller

    async def admit_person(self, request: Request) -> Caller:
        """As `admit`, for what concerns the own account. Raises Problem 403 for a key, and for a
        deputy, who cannot lend on what was lent."""
        caller = await self.admit(request)
        if caller.is_key or caller.deputy_for:
            raise Problem(403, "PERSONS_ONLY")
        return caller

    async def record(self, request: Request, caller: Caller, what: str) -> None:
        """Record a disclosure, or what an auditor reads; a failure here prevents the answer. A list
        has no subject, nor has a stream."""
        subject = next(iter(request.path_params.values()), "")
        purpose = incoming.purpose_of(request) or AUDITED
        await self.reveals.record(caller, what, subject, purpose, trace_of(request))

    async def still_admits(self, request: Request, caller: Caller) -> bool:
        """Whether an open stream is still that of this caller, with the unit, role and team of its
        beginning; True while it cannot be checked."""
        try:
            return await self.authenticator.caller_of(request) == caller
        except Problem:
            return False
        except Exception as error:  # noqa: BLE001  # a transient error keeps the stream open
            return is_transient(error)


class RpcEndpoint:
    """Serves one route of the tables."""

    def __init__(self, plan: Plan, gate: Gate) -> None:
        self._plan, self._route, self._gate = plan, plan.route, gate
        unary = gate.upstream.shared if plan.route.is_write else gate.upstream.unary
        self._call = unary(plan.area.service, plan.method)

    async def serve(self, request: Request) -> Response:
        caller = await self._admit(request)
        message = await self._read(request)
        headers: dict[str, str] = {}
        call = self._call(
            message, timeout=self._route.patience, metadata=self._metadata(request, caller)
        )
        try:
            response = await call
        except grpc.aio.AioRpcError as error:
            return self._refused(error, headers, (request, message))
        if self._route.is_write:
            headers |= _headers_of(await call.trailing_metadata())
        if self._route.reveals or self._is_audit(caller):
            await self._gate.record(request, caller, self._route.rpc)
        answer = self._plan.write(response)
        known = self._plan.known
        if known.lists or (known.kinds and not answer["items"]):
            self._require_known(request, found=bool(answer["items"]))
        if self._plan.narrow is not None:
            self._plan.narrow(answer, caller.role)
        if self._route.says is not None:
            headers["Content-Language"] = language_of(request.headers.get("accept-language", ""))
            self._route.says(answer, headers["Content-Language"])
        return self._answer(answer, headers)

    def _require_known(self, request: Request, *, found: bool) -> None:
        """Raises Problem for a list that is empty because a filter names what nothing has, and for
        one of several codes that names nothing."""
        texts = read_query(request, self._plan.query_lists)
        flaws = self._plan.known.flaws(texts, self._gate.reasons.names, found=found)
        if flaws:
            raise Problem(422, flaws[0].reason, flaws[0].facts, flaws)

    def _refused(
        self, error: grpc.aio.AioRpcError, headers: dict[str, str], asked: tuple[Request, Any]
    ) -> Response:
        """Answer 204 if refused for the route's `empty` reason; else raises Problem."""
        if self._route.is_write:
            headers |= _headers_of(error.trailing_metadata())
        if self._route.empty and reason_of(error) == self._route.empty:
            return Response(status_code=204, headers=headers)
        problem = problem_of(error, is_write=self._route.is_write)
        request, message = asked
        flaws = problem.errors or flaws_in(problem.reason, problem.facts, message)
        given = read_query(request, self._plan.query_lists).keys()
        said = self._plan.said
        problem.errors = [
            replace(flaw, field=name) for flaw in flaws for name in said(flaw.field, given)
        ]
        problem.headers = {**headers, **problem.headers}
        raise problem from error

    async def _admit(self, request: Request) -> Caller:
        if self._route.public:
            self._gate.limits.public.take(address_of(request))
            request.scope[ROLE] = "citizen"
            return CITIZEN
        caller = await self._gate.admit(request)
        require_role(caller, self._route.roles)
        if self._route.by_another and caller.is_nameless:
            raise incoming.malformed_header(PERSON, "PERSON_UNNAMED")
        return caller

    async def _read(self, request: Request) -> Any:
        plan, values = self._plan, {}
        if plan.read_body is not None:
            body = await incoming.read_body(request)
            values = incoming.parse_body(plan.read_body, body)
        if plan.query or request.scope["query_string"]:
            texts = read_query(request, plan.query_lists)
            for name, value in incoming.parse_texts(plan.read_query, texts).items():
                put(values, plan.query[name], value)
        if plan.path_fields:
            values |= incoming.parse_texts(plan.read_path, read_path(request))
        return plan.request(**values, **self._route.always)

    def _is_audit(self, caller: Caller) -> bool:
        """Whether an auditor reads matters: each reading is recorded as a disclosure is."""
        reads = self._route.method == "GET" and not self._route.public
        return reads and caller.role == AUDITOR and self._plan.area.service != "directory"

    def _metadata(self, request: Request, caller: Caller) -> list[tuple[str, str]]:
        metadata = [*self._gate.upstream.metadata, *caller.metadata, pressed(request)]
        if self._route.public:
            metadata.append(("liandong-address", quote(address_of(request))))
        if self._route.is_write:
            metadata += incoming.write_metadata(request)
        purpose = incoming.purpose_of(request)
        if self._route.reveals and not purpose:
            raise Problem(422, "PURPOSE_MISSING")
        if purpose:
            metadata.append(("liandong-purpose", quote(purpose)))
        return metadata

    def _answer(self, answer: Any, headers: dict[str, str]) -> Response:
        version = answer.get("version") if isinstance(answer, dict) else None
        if isinstance(version, int) and version:
            headers["ETag"] = f'"{version}"'
        return Response(to_json(answer), self._route.status, headers, JSON)


def _headers_of(trailing: Any) -> dict[str, str]:
    headers = {}
    for name, value in trailing or ():
        if name == "liandong-road":
            headers["Liandong-Road"] = value
        elif name == "liandong-replayed" and value == "true":
            headers["Idempotency-Replayed"] = value
        elif name == "liandong-version":
            headers["ETag"] = f'"{value}"'
    return headers
