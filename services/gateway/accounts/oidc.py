"""Sign-in at an OpenID Connect provider: code flow with PKCE, in one browser, within ten minutes.

The cookie of the browser holds one secret; state, nonce and verifier derive from it and from the
gateway's key. So any gateway may answer the way back, and a link of a stranger opens no session.
"""

import hmac
import importlib
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from backbone.process import clock
from backbone.words.roles import Roles
from services.gateway.accounts import storage
from services.gateway.accounts.oidc_client import Client, cause_of
from services.gateway.accounts.sessions import Sessions
from services.gateway.accounts.storage import Shown
from services.gateway.http.addressed import read_query
from services.gateway.http.addresses import address_of
from services.gateway.http.problems import Problem
from services.gateway.routes.route import Extra

# Its libraries cost a start half a second, which only a city with a provider pays.
if TYPE_CHECKING:
    from services.gateway.accounts.provider import Provider

COOKIE = "liandong_sign_in"
PATH = "/v1/sign-in"
MINUTES = 10
# Seconds by which the clock of the gateway where it began may be ahead of ours.
LEEWAY = 60
# The methods of RFC 8176 that are more than one factor, or a factor that is no password.
SECOND_FACTORS = frozenset({"mfa", "otp", "hwk", "swk", "sc", "fpt", "face"})


@dataclass(frozen=True, slots=True)
class Oidc:
    """The two endpoints; without a provider they say that there is none."""

    sessions: Sessions
    provider: "Provider | None"
    key: bytes
    required: Roles

    async def begin(self, request: Request) -> Response:
        """Send the browser to the provider."""
        self.sessions.gate.limits.sign_in.take(address_of(request))
        provider = self._provider()
        secret, now = secrets.token_urlsafe(32), int(clock.now().timestamp())
        state = f"{now}.{self._derived('state', secret, now)}"
        told = (state, self._derived("nonce", secret, now), self._derived("verifier", secret, now))
        address = await provider.address(*told)
        response = Response(status_code=302, headers={"Location": address})
        secure = provider.client.redirect.startswith("https:")
        response.set_cookie(
            COOKIE, secret, MINUTES * 60, path=PATH, secure=secure, httponly=True, samesite="lax"
        )
        return response

    async def finish(self, request: Request) -> Response:
        """Open a session of the person whom the provider names."""
        self.sessions.gate.limits.sign_in.take(address_of(request))
        provider, query = self._provider(), read_query(request, frozenset())
        secret, began = self._own(request, str(query.get("state", "")))
        told = (self._derived("nonce", secret, began), self._derived("verifier", secret, began))
        try:
            if error := query.get("error"):
                raise Problem(401, "OIDC_REFUSED", {"cause": cause_of(error)})
            claims = await provider.person(str(query.get("code", "")), *told)
            account = await self._account(provider, claims)
        except Problem as refusal:
            await self.sessions.refuse(None, address_of(request), refusal.reason)
            raise
        facts = {"by": "oidc", "issuer": provider.client.issuer}
        response = await self.sessions.begin(Shown(account, None), address_of(request), facts)
        response.delete_cookie(COOKIE, path=PATH)
        return response

    async def _account(self, provider: "Provider", claims: dict[str, Any]) -> Any:
        """Raises Problem 401, 403. Names of other width or case may be two people there."""
        name = str(claims.get(provider.client.claim) or "")
        name = name if name.isprintable() else ""  # no account's, nor a text for the database
        account = await storage.account_of(self.sessions.pool, self.sessions.coded, name)
        if account is None or account["user_name"] != name:
            raise Problem(403, "OIDC_NO_ACCOUNT", {"name": name[:100]})
        if account["role"] in self.required and not SECOND_FACTORS & set(
            map(str, claims.get("amr") or ())
        ):
            raise Problem(401, "OIDC_ONE_FACTOR", {"role": account["role"]})
        return account

    def _own(self, request: Request, state: str) -> tuple[str, int]:
        """The secret of this browser and the time when it began. Raises Problem 400."""
        secret = request.cookies.get(COOKIE, "")
        began, _, given = state.partition(".")
        if secret and began.isascii() and began.isdecimal() and len(began) < 12:
            right = self._derived("state", secret, int(began))
            is_recent = -LEEWAY <= clock.now().timestamp() - int(began) <= MINUTES * 60
            if hmac.compare_digest(given.encode(), right.encode()) and is_recent:
                return secret, int(began)
        raise Problem(400, "OIDC_NOT_BEGUN_HERE", {"minutes": MINUTES})

    def _derived(self, what: str, secret: str, began: int) -> str:
        said = f"oidc {what}\0{began}\0{secret}".encode("utf-8", "surrogateescape")
        return urlsafe_b64encode(hmac.digest(self.key, said, sha256)).decode().rstrip("=")

    def _provider(self) -> "Provider":
        if self.provider is None:
            raise Problem(404, "OIDC_NOT_SET_UP")
        return self.provider


def provider_of(client: Client | None) -> "Provider | None":
    if client is None:
        return None
    module = importlib.import_module("services.gateway.accounts.provider")
    provider: Provider = module.Provider(client)
    return provider


def extras_of(oidc: Oidc) -> tuple[Extra, ...]:
    return (
        Extra("GET", f"{PATH}/oidc", oidc.begin),
        Extra("GET", f"{PATH}/oidc/callback", oidc.finish),
    )
