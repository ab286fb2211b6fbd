"""Sign-in at a real OpenID Connect provider in a process of its own: true, lying, and away."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from backbone.process.pulse import Pulse
from backbone.process.settings import SettingsError
from services.gateway.accounts import oidc, provider
from services.gateway.accounts.oidc_client import read_client
from services.gateway.wiring import open_gateway
from tests.gateway import PASSWORD, settings_for
from tests.oidc_provider import CLIENT_ID, SECRET, running_provider
from tests.servers import PLAIN, free_port

BEGIN = "/v1/sign-in/oidc"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_provider() as issuer:
        yield issuer


def environ_of(issuer: str, **more: str) -> dict[str, str]:
    said = {
        "ISSUER": issuer,
        "CLIENT_ID": CLIENT_ID,
        "SECRET": SECRET,
        "REDIRECT": "http://127.0.0.1/v1/sign-in/oidc/callback",
    }
    return {f"LIANDONG_OIDC_{name}": value for name, value in said.items()} | more


def tell(issuer: str, lies: dict[str, Any]) -> None:
    httpx.post(f"{issuer}/lie", json=lies, verify=PLAIN)


def visited(url: str) -> httpx.Response:
    return httpx.get(url, verify=PLAIN)


async def browser_of(database: str, environ: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    async with open_gateway(settings_for(database, environ), Pulse()) as gateway:
        transport: Any = httpx.ASGITransport(app=gateway.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            yield http


@pytest.fixture
async def browser(gateway_database: str, issuer: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the gateway; the provider tells the truth until a test says otherwise."""
    tell(issuer, {})
    environ = environ_of(issuer, LIANDONG_GATEWAY_SECOND_FACTOR="auditor")
    async for http in browser_of(gateway_database, environ):
        yield http


async def at_the_provider(browser: httpx.AsyncClient) -> str:
    """Follow the browser to the provider; return the way back, which the provider has given."""
    began = await browser.get(BEGIN)
    assert began.status_code == 302, began.text
    answer = visited(began.headers["Location"])
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


async def sign_in(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.get(await at_the_provider(browser))


def reason(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("reason", "")


async def test_a_person_signs_in_and_stays_the_same_account(browser: httpx.AsyncClient) -> None:
    answer = await sign_in(browser)
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["user"] == "li"
    header = {"Authorization": f"Bearer {answer.json()['token']}"}
    me = await browser.get("/v1/sessions/current", headers=header)
    assert me.json()["user"]["role"] == "clerk"


async def test_the_request_has_a_challenge_a_nonce_and_a_state(browser: httpx.AsyncClient) -> None:
    began = await browser.get(BEGIN)
    asked = parse_qs(urlsplit(began.headers["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert all(asked[name] for name in ("code_challenge", "nonce", "state"))
    cookie = began.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert asked["state"][0] not in cookie and asked["nonce"][0] not in cookie


async def test_a_link_from_elsewhere_signs_nobody_in(
    browser: httpx.AsyncClient, gateway_database: str, issuer: str
) -> None:
    way_back = await at_the_provider(browser)
    async for other in browser_of(gateway_database, environ_of(issuer)):
        assert reason(await other.get(way_back)) == (400, "OIDC_NOT_BEGUN_HERE")
        await other.get(BEGIN)
        assert reason(await other.get(way_back)) == (400, "OIDC_NOT_BEGUN_HERE")
    twisted = way_back.replace("state=", "state=1")
    assert reason(await browser.get(twisted)) == (400, "OIDC_NOT_BEGUN_HERE")


async def test_a_code_opens_once(browser: httpx.AsyncClient) -> None:
    way_back = await at_the_provider(browser)
    cookies = dict(browser.cookies)
    assert (await browser.get(way_back)).status_code == 200
    browser.cookies.update(cookies)
    assert reason(await browser.get(way_back)) == (401, "OIDC_REFUSED")


@pytest.mark.parametrize(
    ("lie", "refused"),
    [
        ({"skew": 3600}, (401, "OIDC_CLOCK")),
        ({"skew": -3600}, (401, "OIDC_CLOCK")),
        ({"nonce": "of another"}, (401, "OIDC_TOKEN")),
        ({"aud": "another-client"}, (401, "OIDC_TOKEN")),
        ({"iss": "http://127.0.0.1/other"}, (401, "OIDC_TOKEN")),
        ({"forged": True}, (401, "OIDC_TOKEN")),
        ({"user": "nobody"}, (403, "OIDC_NO_ACCOUNT")),
        ({"user": "LI"}, (403, "OIDC_NO_ACCOUNT")),  # there it may be another person
        ({"user": "auditor"}, (401, "OIDC_ONE_FACTOR")),
        ({"user": "auditor", "claims": {"amr": None}}, (401, "OIDC_ONE_FACTOR")),
        ({"user": "auditor", "claims": {"amr": [["mfa"]]}}, (401, "OIDC_ONE_FACTOR")),
        ({"claims": {"preferred_username": "li\0"}}, (403, "OIDC_NO_ACCOUNT")),
        ({"claims": {"preferred_username": ["li"]}}, (403, "OIDC_NO_ACCOUNT")),
        ({"claims": {"preferred_username": None}}, (403, "OIDC_NO_ACCOUNT")),
        ({"declines": True}, (401, "OIDC_REFUSED")),
    ],
    ids=str,
)
async def test_a_lie_signs_nobody_in(
    browser: httpx.AsyncClient, issuer: str, lie: dict[str, Any], refused: tuple[int, str]
) -> None:
    tell(issuer, lie)
    answer = await sign_in(browser)
    assert reason(answer) == refused, answer.text
    if "skew" in lie:
        assert 3200 <= answer.json()["seconds"] <= 3601
    body = {"user": "zhao", "password": PASSWORD}
    assert (await browser.post("/v1/sessions", json=body)).status_code == 200, "passwords go on"


@pytest.mark.parametrize("of", ["iat", "exp"])
@pytest.mark.parametrize("number", [10**400, None, "soon", [1]], ids=str)
async def test_a_time_that_is_none_signs_nobody_in(
    browser: httpx.AsyncClient, issuer: str, of: str, number: Any
) -> None:
    tell(issuer, {"claims": {of: number}})
    answer = await sign_in(browser)
    assert reason(answer) == (401, "OIDC_TOKEN"), answer.text


PAGES = ("/.well-known/openid-configuration", "/keys", "/token")


@pytest.mark.parametrize("manner", ["drips", "endless", "deep"])
@pytest.mark.parametrize("page", PAGES)
async def test_a_page_that_never_ends_ends_the_sign_in_within_seconds(
    gateway_database: str, issuer: str, page: str, manner: str
) -> None:
    async for browser in browser_of(gateway_database, environ_of(issuer)):
        tell(issuer, {})
        way_back = await at_the_provider(browser) if page != PAGES[0] else BEGIN
        tell(issuer, {"pages": {page: manner}})
        async with asyncio.timeout(10):
            answer = await browser.get(way_back)
        assert reason(answer) == (503, "OIDC_AWAY"), answer.text
        assert issuer in answer.json()["detail"]
    tell(issuer, {})


def token_of(header: Any, claims: Any = None, signature: bytes = b"x") -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


RUBBISH: list[str] = [
    "", "null", "[]", "1", '"x"', "{}", "{", "\ud800", '{"error": []}', '{"error": "\\ud800"}',
    '{"error": "a\\u0000b\\u202e"}', '{"error": {"a": 1}}', '{"keys": null}', '{"keys": [1, null]}',
    '{"keys": {"a": 1}}', '{"keys": [{"kty": ["RSA"]}]}', '{"keys": [{"kty": "oct", "k": "AA"}]}',
    '{"issuer": 1}',
    *(
        json.dumps({"id_token": each})
        for each in (
            None, 1, [], {}, "", ".", "..", "a.b.c", "\ud800.a.b", token_of([]), token_of("x"),
            token_of(None), token_of({}), token_of({"alg": 1}), token_of({"alg": ["RS256"]}),
            token_of({"alg": "RS256", "kid": []}), token_of({"alg": "RS256", "kid": {"a": 1}}),
            token_of({"alg": "RS256", "crit": 1}), token_of({"alg": "RS256", "crit": ["x"]}),
            token_of({"alg": "RS256", "b64": False}), token_of({"alg": "none"}, {}, b""),
            token_of({"alg": "HS256", "kid": "first"}, {}),
            token_of({"alg": "ES256", "kid": "first"}, {}),
            token_of({"alg": "EdDSA", "kid": "first"}, {}), token_of({"alg": "RS256", "jwk": {}}),
        )
    ),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("page", PAGES)
async def test_rubbish_signs_nobody_in_and_is_no_error_of_ours(
    gateway_database: str, issuer: str, page: str
) -> None:
    flaws, many = [], {"LIANDONG_GATEWAY_SIGN_IN_BURST": "1000"}
    async for browser in browser_of(gateway_database, environ_of(issuer, **many)):
        for document in RUBBISH:
            tell(issuer, {})
            way_back = await at_the_provider(browser) if page != PAGES[0] else BEGIN
            tell(issuer, {"documents": {page: document.encode("utf-8", "replace").decode()}})
            answer = await browser.get(way_back)
            if answer.status_code not in (401, 503) or not reason(answer)[1].startswith("OIDC_"):
                flaws.append((document, answer.text))
    tell(issuer, {})
    assert not flaws


@pytest.mark.parametrize(
    "endpoint",
    ["https://登录.example/authorize", "https://x.example/a\r\nSet-Cookie: a=b", "https://[x/a",
     "https://x.example/a?b c=%zz", "https:///a", "https://x.example:y/"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
async def test_an_endpoint_that_is_no_address_is_the_provider_s_flaw(
    gateway_database: str, issuer: str, name: str, endpoint: str
) -> None:
    tell(issuer, {"described": {name: endpoint}})
    async for browser in browser_of(gateway_database, environ_of(issuer)):
        answer = await browser.get(BEGIN)
        assert reason(answer) == (503, "OIDC_AWAY"), answer.text
    tell(issuer, {})


@pytest.mark.parametrize("amr", [5, "mfa", {"mfa": 1}, True, 1.5], ids=str)
async def test_methods_that_are_no_list_are_no_second_factor(
    browser: httpx.AsyncClient, issuer: str, amr: Any
) -> None:
    tell(issuer, {"user": "auditor", "claims": {"amr": amr}})
    assert reason(await sign_in(browser)) == (401, "OIDC_TOKEN")


@pytest.mark.parametrize(
    ("claims", "refused"),
    [
        ({"preferred_username": {"a": 1}}, "OIDC_NO_ACCOUNT"),
        ({"aud": {"liandong": 1}}, "OIDC_TOKEN"),
        ({"aud": [["liandong"]]}, "OIDC_TOKEN"),
        ({"aud": 5}, "OIDC_TOKEN"),
        ({"iss": ["x"]}, "OIDC_TOKEN"),
        ({"nonce": 5}, "OIDC_TOKEN"),
        ({"at_hash": 5}, "OIDC_TOKEN"),
        ({"azp": 5}, "OIDC_TOKEN"),
        ({"auth_time": "x"}, "OIDC_TOKEN"),
        ({"nbf": "x"}, "OIDC_TOKEN"),
        ({"sub": None}, "OIDC_TOKEN"),
    ],
    ids=str,
)
async def test_claims_of_another_type_sign_nobody_in(
    browser: httpx.AsyncClient, issuer: str, claims: dict[str, Any], refused: str
) -> None:
    tell(issuer, {"claims": claims})
    answer = await sign_in(browser)
    assert (answer.status_code < 500, reason(answer)[1]) == (True, refused), answer.text


@pytest.mark.parametrize(("seconds", "status"), [(-30, 200), (0, 200), (599, 200), (-90, 400)])
async def test_the_clock_of_another_gateway_may_be_a_little_behind(
    browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, seconds: int, status: int
) -> None:
    """The way back comes to any gateway, also within a second."""
    way_back = await at_the_provider(browser)
    monkeypatch.setattr(oidc.clock.HOST, "_ahead", timedelta(seconds=-seconds))
    monkeypatch.setattr(provider, "LEEWAY", 3_600)
    assert (await browser.get(way_back)).status_code == status


async def test_a_key_of_a_kind_that_we_do_not_know_leaves_the_others_in_force(
    gateway_database: str, issuer: str
) -> None:
    """As a provider publishes beside the old one that it begins to use."""
    strange = [
        {"kty": "AKP", "alg": "ML-DSA-65", "pub": "AA", "kid": "new"},
        {"kty": "OKP", "crv": "X9", "x": "AA", "kid": "newer"},
        {"kty": "RSA", "n": "!!", "e": "AQAB", "kid": "broken"},
    ]
    tell(issuer, {"keys": strange})
    async for browser in browser_of(gateway_database, environ_of(issuer)):
        assert (await sign_in(browser)).status_code == 200
    tell(issuer, {})


async def test_sign_ins_and_refusals_are_on_record(browser: httpx.AsyncClient, issuer: str) -> None:
    tell(issuer, {"declines": True})
    await sign_in(browser)
    tell(issuer, {"user": "auditor", "amr": ["mfa"]})
    token = (await sign_in(browser)).json()["token"]
    header = {"Authorization": f"Bearer {token}"}
    lines = (await browser.get("/v1/audit", headers=header)).json()["items"]
    told = [(line["kind"], line["subject"], line["facts"]) for line in lines[:2]]
    assert told == [
        ("SIGNED_IN", "auditor", {"by": "oidc", "issuer": issuer}),
        ("SIGN_IN_REFUSED", "", {"reason": "OIDC_REFUSED"}),
    ]


async def test_what_a_small_lie_of_the_clock_does_not_hinder(
    browser: httpx.AsyncClient, issuer: str
) -> None:
    tell(issuer, {"skew": 30})
    assert (await sign_in(browser)).status_code == 200


async def test_two_factors_at_the_provider_are_two_factors(
    browser: httpx.AsyncClient, issuer: str
) -> None:
    tell(issuer, {"user": "auditor", "amr": ["pwd", "otp"]})
    assert (await sign_in(browser)).status_code == 200


async def test_keys_that_change_are_asked_for_again(
    browser: httpx.AsyncClient, issuer: str
) -> None:
    assert (await sign_in(browser)).status_code == 200
    tell(issuer, {"rolls": True})
    assert (await sign_in(browser)).status_code == 200


async def test_a_provider_that_is_away_is_named(gateway_database: str) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    async for browser in browser_of(gateway_database, environ_of(away)):
        answer = await browser.get(BEGIN)
        assert reason(answer) == (503, "OIDC_AWAY")
        assert away in answer.json()["detail"] and answer.headers["Retry-After"]


async def test_without_a_provider_there_is_none(gateway_database: str) -> None:
    async for browser in browser_of(gateway_database, {}):
        assert reason(await browser.get(BEGIN)) == (404, "OIDC_NOT_SET_UP")


def test_half_a_setting_and_one_without_tls_are_refused() -> None:
    with pytest.raises(SettingsError, match="LIANDONG_OIDC_CLIENT_ID"):
        read_client({"LIANDONG_OIDC_ISSUER": "https://sign-in.example"})
    with pytest.raises(SettingsError, match="https"):
        read_client(environ_of("http://sign-in.example"))
    assert SECRET not in repr(read_client(environ_of("https://sign-in.example")))
