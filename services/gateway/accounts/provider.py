"""An OpenID Connect provider: what it publishes, and the person whom its token names.

It is a stranger: whatever it answers, and however slowly, a sign-in ends within seconds.
"""

import json
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ssl import PROTOCOL_TLS_CLIENT
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet
from truststore import SSLContext

from backbone.process.clock import now
from services.gateway.accounts.oidc_client import Client, cause_of, is_safe
from services.gateway.http.problems import Problem

DESCRIPTION = "/.well-known/openid-configuration"
# Seconds for a whole answer, and its bytes.
PATIENCE, MOST = 5.0, 1_000_000
# Seconds that what a provider publishes is trusted without asking again.
KEPT = 600.0
# Seconds by which the provider's clock may differ from ours.
LEEWAY = 60
# Keys and signatures that only the provider can make: neither `none` nor a shared secret.
KINDS = ("RSA", "EC", "OKP")
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
# What numbers without measure, parts without end and wrong types do to those who read them.
UNREADABLE = (ValueError, TypeError, KeyError, OverflowError, RecursionError)
SILENT = (ClientError, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Answer:
    """The status, the JSON and the time of an answer."""

    status: int
    said: Any
    date: str


def seconds_now() -> float:
    return now().timestamp()


class Provider:
    """One provider, with what it publishes (endpoints, keys) kept for some minutes."""

    def __init__(self, client: Client, clock: Callable[[], float] = seconds_now) -> None:
        self.client, self._clock = client, clock
        self._kept: dict[str, tuple[float, Any]] = {}

    async def address(self, state: str, nonce: str, verifier: str) -> str:
        """Where the person signs in. Raises Problem 503."""
        endpoint = (await self._described())["authorization_endpoint"]
        client = self.client
        asking = OAuth2Client(
            None,
            client.client_id,
            scope=client.scope,
            redirect_uri=client.redirect,
            code_challenge_method="S256",
        )
        url, _ = asking.create_authorization_url(
            endpoint, state=state, nonce=nonce, code_verifier=verifier
        )
        return str(url)

    async def person(self, code: str, nonce: str, verifier: str) -> dict[str, Any]:
        """The claims about the person who has signed in. Raises Problem 401, 503."""
        endpoint = (await self._described())["token_endpoint"]
        try:
            token = await self._exchanged(endpoint, code, verifier)
        except (*SILENT, *UNREADABLE) as error:
            raise self._away(error) from error
        if refusal := token.get("error"):
            raise Problem(401, "OIDC_REFUSED", {"cause": cause_of(refusal)})
        return await self._checked(token, nonce)

    async def look(self) -> None:
        """Ask for what it publishes, and for its clock. Raises Problem 401, 503."""
        await self._keys()
        answer = await _asked("GET", self._description)
        try:
            seconds = abs(self._clock() - parsedate_to_datetime(answer.date).timestamp())
        except (*UNREADABLE, OSError):
            return  # it does not say
        if seconds > LEEWAY:
            raise self._apart(round(seconds))

    @property
    def _description(self) -> str:
        return self.client.issuer.rstrip("/") + DESCRIPTION

    async def _exchanged(self, endpoint: str, code: str, verifier: str) -> dict[str, Any]:
        """The tokens for a code, or an `error`."""
        client, headers = self.client, {}
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect,
            "code_verifier": verifier,
        }
        if client.secret:
            named = f"{client.client_id}:{client.secret}".encode()
            headers["Authorization"] = f"Basic {b64encode(named).decode()}"
        else:
            form["client_id"] = client.client_id
        answer = await _asked("POST", endpoint, data=form, headers=headers)
        told = answer.said
        if not isinstance(told, dict) or (answer.status != 200 and "error" not in told):
            raise ValueError(f"status {answer.status}")
        return told

    async def _checked(self, told: dict[str, Any], nonce: str) -> dict[str, Any]:
        try:
            read = await self._read(str(told.get("id_token", "")))
            self._require_clock(read.claims)
            options = {
                "iss": {"essential": True, "value": self.client.issuer},
                "aud": {"essential": True, "value": self.client.client_id},
            }
            params = {
                "nonce": nonce,
                "client_id": self.client.client_id,
                "access_token": told.get("access_token"),
            }
            claims = CodeIDToken(read.claims, read.header, options, params)
            claims.validate(now=int(self._clock()), leeway=LEEWAY)
        except (JoseError, AuthlibBaseError, *UNREADABLE) as error:
            raise Problem(401, "OIDC_TOKEN", {"cause": type(error).__name__}) from error
        return dict(claims)

    async def _read(self, token: str) -> Any:
        """The token with its signature verified; with keys asked for anew if it names another."""
        try:
            return jwt.decode(token, await self._keys(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            self._kept.pop("keys", None)
            return jwt.decode(token, await self._keys(), algorithms=ALGORITHMS)

    def _require_clock(self, claims: dict[str, Any]) -> None:
        """A token that was made just now is neither of tomorrow nor over. When it says that it was
        made tells no more: some providers write five minutes earlier."""
        present = self._clock()
        ahead, behind = float(claims["iat"]) - present, present - float(claims["exp"])
        seconds = round(max(ahead, behind))
        if seconds > LEEWAY:
            raise self._apart(seconds)

    async def _described(self) -> dict[str, Any]:
        async def ask() -> dict[str, Any]:
            found: dict[str, Any] = await _published(self._description)
            endpoints = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if found["issuer"] != self.client.issuer:
                raise ValueError("another issuer")
            if not all(is_safe(str(found[name])) for name in endpoints):
                raise ValueError("an endpoint without TLS")
            return found

        described: dict[str, Any] = await self._fresh("description", ask)
        return described

    async def _keys(self) -> KeySet:
        async def ask() -> KeySet:
            return keys_in(await _published((await self._described())["jwks_uri"]))

        keys: KeySet = await self._fresh("keys", ask)
        return keys

    async def _fresh(self, what: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        """The kept answer of `ask`, or a new one. Raises Problem 503."""
        until, known = self._kept.get(what, (0.0, None))
        if time.monotonic() < until:
            return known
        try:
            found = await ask()
        except (*SILENT, JoseError, *UNREADABLE) as error:
            raise self._away(error) from error
        self._kept[what] = (time.monotonic() + KEPT, found)
        return found

    def _apart(self, seconds: int) -> Problem:
        return Problem(401, "OIDC_CLOCK", {"name": self.client.issuer, "seconds": seconds})

    def _away(self, error: Exception) -> Problem:
        facts = {"name": self.client.issuer, "cause": type(error).__name__}
        return Problem(503, "OIDC_AWAY", facts, headers={"Retry-After": "5"})


def keys_in(published: Any) -> KeySet:
    """The keys that we can read: a kind that we do not know yet leaves the others in force (RFC
    7517, 5). Raises ValueError if there is none."""
    keys = []
    for each in published["keys"]:
        try:
            if each["kty"] in KINDS:
                keys.append(JWKRegistry.import_key(each))
        except (JoseError, *UNREADABLE):
            continue
    if not keys:
        raise ValueError("no key that can be read")
    return KeySet(keys)


async def _published(url: str) -> Any:
    answer = await _asked("GET", url)
    if answer.status != 200:
        raise ValueError(f"status {answer.status}")
    return answer.said


async def _asked(method: str, url: str, **more: Any) -> Answer:
    """Ask the provider once. Raises the errors of SILENT and UNREADABLE."""
    wires = TCPConnector(ssl=SSLContext(PROTOCOL_TLS_CLIENT))
    opened = ClientSession(
        connector=wires,
        timeout=ClientTimeout(total=PATIENCE),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        trust_env=True,
    )
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    headers |= more.pop("headers", {})
    async with (
        opened as http,
        http.request(method, url, headers=headers, allow_redirects=False, **more) as answer,
    ):
        body = bytearray()
        async for part in answer.content.iter_any():
            body += part
            if len(body) > MOST:
                raise ValueError("an answer without end")
        return Answer(answer.status, json.loads(body), answer.headers.getone("Date", ""))
