"""An OpenID Connect provider: what it publishes, and the person whom its token names.

The calls block, so they run in threads; each has a time limit.
"""

import time
from collections.abc import Callable
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.gateway.accounts.oidc_client import Client, is_safe
from services.gateway.http.problems import Problem

DESCRIPTION = "/.well-known/openid-configuration"
PATIENCE = 5.0
# Seconds that what a provider publishes is trusted without asking again.
KEPT = 600.0
# Seconds by which the provider's clock may differ from ours.
LEEWAY = 60
# Signatures that only the provider can make: neither `none` nor a shared secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")


class Provider:
    """One provider, with what it publishes (endpoints, keys) kept for some minutes."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        self.client, self._clock = client, clock
        self._kept: dict[str, tuple[float, Any]] = {}

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Where the person signs in. Raises Problem 503."""
        endpoint = self._described()["authorization_endpoint"]
        session = self._session()
        url, _ = session.create_authorization_url(
            endpoint, state=state, nonce=nonce, code_verifier=verifier
        )
        return str(url)

    def person(self, code: str, nonce: str, verifier: str) -> dict[str, Any]:
        """The claims about the person who has signed in. Raises Problem 401, 503."""
        endpoint = self._described()["token_endpoint"]
        try:
            token = self._session().fetch_token(
                endpoint, code=code, code_verifier=verifier, timeout=PATIENCE
            )
        except (requests.RequestException, ValueError) as error:
            raise self._away(error) from error
        except AuthlibBaseError as error:
            raise Problem(401, "OIDC_REFUSED", {"cause": error.error or "error"}) from error
        return self._checked(str(token.get("id_token", "")), nonce, token.get("access_token"))

    def _checked(self, token: str, nonce: str, access_token: Any) -> dict[str, Any]:
        try:
            read = self._read(token)
            self._require_clock(read.claims)
            options = {
                "iss": {"essential": True, "value": self.client.issuer},
                "aud": {"essential": True, "value": self.client.client_id},
            }
            params = {
                "nonce": nonce,
                "client_id": self.client.client_id,
                "access_token": access_token,
            }
            claims = CodeIDToken(read.claims, read.header, options, params)
            claims.validate(now=int(self._clock()), leeway=LEEWAY)
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError) as error:
            raise Problem(401, "OIDC_TOKEN", {"cause": type(error).__name__}) from error
        return dict(claims)

    def _read(self, token: str) -> Any:
        """The token with its signature verified; with keys asked for anew if it names another."""
        try:
            return jwt.decode(token, self._keys(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            self._kept.pop("keys", None)
            return jwt.decode(token, self._keys(), algorithms=ALGORITHMS)

    def _require_clock(self, claims: dict[str, Any]) -> None:
        """A token that was made just now is neither of tomorrow nor of yesterday."""
        now = self._clock()
        ahead, behind = float(claims["iat"]) - now, now - float(claims["exp"])
        seconds = round(max(ahead, behind))
        if seconds > LEEWAY:
            facts = {"name": self.client.issuer, "seconds": seconds}
            raise Problem(401, "OIDC_CLOCK", facts)

    def _described(self) -> dict[str, Any]:
        def ask() -> dict[str, Any]:
            found: dict[str, Any] = self._get(self.client.issuer.rstrip("/") + DESCRIPTION)
            endpoints = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if found["issuer"] != self.client.issuer:
                raise ValueError("another issuer")
            if not all(is_safe(str(found[name])) for name in endpoints):
                raise ValueError("an endpoint without TLS")
            return found

        described: dict[str, Any] = self._fresh("description", ask)
        return described

    def _keys(self) -> KeySet:
        def ask() -> KeySet:
            return KeySet.import_key_set(self._get(self._described()["jwks_uri"]))

        keys: KeySet = self._fresh("keys", ask)
        return keys

    def _fresh(self, what: str, ask: Callable[[], Any]) -> Any:
        """The kept answer of `ask`, or a new one. Raises Problem 503."""
        until, known = self._kept.get(what, (0.0, None))
        if time.monotonic() < until:
            return known
        try:
            found = ask()
        except (requests.RequestException, JoseError, ValueError, KeyError, TypeError) as error:
            raise self._away(error) from error
        self._kept[what] = (time.monotonic() + KEPT, found)
        return found

    def _get(self, url: str) -> Any:
        answer = requests.get(url, timeout=PATIENCE, allow_redirects=False)
        answer.raise_for_status()
        return answer.json()

    def _session(self) -> OAuth2Session:
        client = self.client
        method = "client_secret_basic" if client.secret else "none"
        return OAuth2Session(
            client.client_id,
            client.secret or None,
            token_endpoint_auth_method=method,
            scope=client.scope,
            redirect_uri=client.redirect,
            code_challenge_method="S256",
        )

    def _away(self, error: Exception) -> Problem:
        facts = {"name": self.client.issuer, "cause": type(error).__name__}
        return Problem(503, "OIDC_AWAY", facts, headers={"Retry-After": "5"})
