"""What a trusted proxy says of the client, in either header; what a client claims is not heard."""

import pytest

from services.gateway.http.addresses import Networks
from services.gateway.http.forwarded import FORWARDED, X_FORWARDED_FOR, Forwarded

PROXIES = Networks("10.0.0.0/8, 2001:db8:ffff::/48")


async def seen(
    header: str, lines: list[tuple[str, str]], peer: str = "10.0.0.1"
) -> tuple[str, str]:
    """The client and the scheme that the application sees."""
    found: dict[str, str] = {}

    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        found.update(client=scope["client"][0], scheme=scope["scheme"])

    headers = [(name.lower().encode(), value.encode()) for name, value in lines]
    scope = {"type": "http", "client": (peer, 1), "scheme": "http", "headers": headers}
    await Forwarded(app, PROXIES, header)(scope, None, None)  # type: ignore[arg-type]
    return found["client"], found["scheme"]


@pytest.mark.parametrize(
    ("value", "client", "scheme"),
    [
        ("for=192.0.2.60", "192.0.2.60", "http"),
        ("for=192.0.2.60;proto=https;by=203.0.113.43", "192.0.2.60", "https"),
        ('FOR="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17", "http"),
        ('for="192.0.2.43:47011"', "192.0.2.43", "http"),
        ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17", "http"),
        ("for=192.0.2.43, for=10.0.0.7", "192.0.2.43", "http"),
        ("for=10.0.0.8, for=10.0.0.7", "10.0.0.8", "http"),
        ("for=_gazonk", "_gazonk", "http"),
        ('for="a, for=192.0.2.1", for=192.0.2.2', "192.0.2.2", "http"),
        ("for=192.0.2.1;proto=gopher", "192.0.2.1", "http"),
        # What cannot be read, and all to the left of it, is not believed.
        ("for=192.0.2.1, nonsense, for=10.0.0.7", "10.0.0.7", "http"),
        ("for=192.0.2.1, nonsense", "10.0.0.1", "http"),
        ("for=192.0.2.1;for=192.0.2.2", "10.0.0.1", "http"),
        ('for="192.0.2.1', "10.0.0.1", "http"),
        ("proto=https", "10.0.0.1", "http"),
        ("", "10.0.0.1", "http"),
    ],
)
async def test_forwarded_of_rfc_7239(value: str, client: str, scheme: str) -> None:
    assert await seen(FORWARDED, [("Forwarded", value)]) == (client, scheme)


@pytest.mark.parametrize(
    ("lines", "client", "scheme"),
    [
        (["203.0.113.7"], "203.0.113.7", "https"),
        (["192.0.2.1, 203.0.113.7"], "203.0.113.7", "https"),
        (["192.0.2.1", "203.0.113.7, 10.1.1.1"], "203.0.113.7", "https"),
        (["203.0.113.7:8080"], "203.0.113.7", "https"),
        (["2001:db8::1"], "2001:db8::1", "https"),
        ([], "10.0.0.1", "http"),
    ],
)
async def test_x_forwarded_for(lines: list[str], client: str, scheme: str) -> None:
    told = [("X-Forwarded-For", line) for line in lines]
    if lines:
        told.append(("X-Forwarded-Proto", "https"))
    assert await seen(X_FORWARDED_FOR, told) == (client, scheme)


async def test_the_header_that_the_proxy_does_not_write_is_not_read() -> None:
    claimed = [("Forwarded", "for=192.0.2.1;proto=https")]
    assert await seen(X_FORWARDED_FOR, claimed) == ("10.0.0.1", "http")
    claimed = [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https")]
    assert await seen(FORWARDED, claimed) == ("10.0.0.1", "http")


@pytest.mark.parametrize("header", [FORWARDED, X_FORWARDED_FOR])
async def test_nothing_is_believed_of_one_who_is_no_proxy(header: str) -> None:
    claimed = [("Forwarded", "for=192.0.2.1"), ("X-Forwarded-For", "192.0.2.1")]
    assert await seen(header, claimed, peer="203.0.113.99") == ("203.0.113.99", "http")
