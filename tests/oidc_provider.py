"""A real OpenID Connect provider in a process of its own: authlib's server behind Flask.

Code flow with PKCE and nonce, discovery, JWKS. `POST /lie` makes it err as real ones do: a clock
that is wrong, another nonce, another audience, keys that change, a person who declines, pages that
never end.
"""

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any

import httpx
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.errors import AccessDeniedError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import WSGIRequestHandler

from tests.servers import free_port

CLIENT_ID, SECRET = "liandong", "a secret between the city and its provider"


class Relier(ClientMixin):  # type: ignore[misc]
    """The one client of this provider."""

    client_id = CLIENT_ID

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.endswith("/v1/sign-in/oidc/callback")

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret, SECRET)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """One code, with what the request has said."""

    def __init__(self, user: str, payload: Any) -> None:
        self.user, data = user, payload.data
        self.redirect_uri, self.scope = payload.redirect_uri, payload.scope
        self.code_challenge = data.get("code_challenge")
        self.code_challenge_method = data.get("code_challenge_method")
        self.nonce = data.get("nonce")

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return str(self.scope)

    def get_nonce(self) -> str:
        return str(self.nonce)

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> list[str]:
        return list(LIES.get("amr", ["pwd"]))


CODES: dict[str, Code] = {}
LIES: dict[str, Any] = {}
KEYS = [RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})]


class Grant(AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

    def save_authorization_code(self, code: str, request: Any) -> None:
        CODES[code] = Code(request.user, request.payload)

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        return CODES.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        for code in [each for each, known in CODES.items() if known is authorization_code]:
            del CODES[code]

    def authenticate_user(self, authorization_code: Code) -> str:
        return authorization_code.user


class IdToken(OpenIDCode):  # type: ignore[misc]
    """Signs the claims itself, so that it can lie about each of them."""

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return any(code.nonce == nonce for code in CODES.values())

    def encode_id_token(self, token: Any, request: Any) -> str:
        now = int(time.time()) + LIES.get("skew", 0)
        code = request.authorization_code
        claims = {
            "iss": LIES.get("iss", APP.config["ISSUER"]),
            "aud": LIES.get("aud", CLIENT_ID),
            "sub": f"sub-of-{request.user}",
            "preferred_username": request.user,
            "nonce": LIES.get("nonce", code.get_nonce()),
            "amr": code.get_amr(),
            "iat": now,
            "exp": now + 300,
            **LIES.get("claims", {}),
        }
        key = RSAKey.generate_key(2048) if LIES.get("forged") else KEYS[-1]
        return str(jwt.encode({"alg": "RS256", "kid": KEYS[-1].kid}, claims, key))


APP = Flask(__name__)
SERVER = AuthorizationServer(
    APP,
    query_client=lambda name: Relier() if name == CLIENT_ID else None,
    save_token=lambda *_: None,
)
SERVER.register_grant(Grant, [IdToken(require_nonce=True), CodeChallenge(required=True)])


@APP.before_request
def strange() -> Any:
    """The answer of a page that errs: another document, a byte a second, without end, or in parts
    of parts."""
    if (document := LIES.get("documents", {}).get(request.path)) is not None:
        return Response(document, mimetype="application/json")
    manner = LIES.get("pages", {}).get(request.path, "")
    if manner == "drips":
        return Response((time.sleep(1) or b" " for _ in range(60)), mimetype="application/json")
    if manner == "endless":
        return Response((b" " * 100_000 for _ in range(5_000)), mimetype="application/json")
    return Response(b"[" * 100_000, mimetype="application/json") if manner == "deep" else None


@APP.get("/.well-known/openid-configuration")
def described() -> Any:
    issuer = APP.config["ISSUER"]
    names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
    truth = {name: f"{issuer}/{page}" for name, page in names.items()}
    return jsonify({"issuer": issuer, **truth, **LIES.get("described", {})})


@APP.get("/keys")
def keys() -> Any:
    published: Any = KeySet(KEYS).as_dict(private=False)
    return jsonify(keys=[*LIES.get("keys", ()), *published["keys"]])


@APP.get("/authorize")
def authorize() -> Any:
    """Whoever comes is the person whom the test has named; `declines` refuses."""
    if LIES.get("declines"):
        error = AccessDeniedError(redirect_uri=request.args["redirect_uri"])
        return redirect(f"{error.redirect_uri}?error=access_denied&state={request.args['state']}")
    grant = SERVER.get_consent_grant(end_user=LIES.get("user", "li"))
    return SERVER.create_authorization_response(request, LIES.get("user", "li"), grant)


@APP.post("/token")
def token() -> Any:
    return SERVER.create_token_response(request)


@APP.post("/lie")
def lie() -> Any:
    LIES.clear()
    LIES.update(request.get_json())
    if LIES.get("rolls"):
        KEYS[:] = [RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})]
    return jsonify(LIES)


class Dated(WSGIRequestHandler):
    """Says the time of its clock with each answer."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(time.time() + LIES.get("skew", 0), usegmt=True)


@contextmanager
def running_provider() -> Iterator[str]:
    """Start the process; yield its issuer."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.oidc_provider", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                httpx.get(f"{issuer}/keys")
                break
            except httpx.TransportError:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
        yield issuer
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    APP.config["ISSUER"] = f"http://127.0.0.1:{sys.argv[1]}"
    APP.run("127.0.0.1", int(sys.argv[1]), threaded=True, request_handler=Dated)
