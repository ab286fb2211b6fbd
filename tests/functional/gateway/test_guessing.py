"""Guessing passwords over HTTP: it gets slower and slower, and locks no person out."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.functional.gateway.front import Front, a_front
from tests.gateway import HOST, PASSWORD, STATION_KEY

HOME, AWAY, PROXY = "127.0.0.11", "127.0.0.66", "127.0.0.200"


@pytest.fixture
async def front(gateway_database: str) -> AsyncIterator[Front]:
    # The first delay is a minute, so that a busy machine cannot wait it out.
    bounds = {"wrong_of_name_free": "8", "wrong_of_address_free": "9", "first_delay_seconds": "60"}
    async with a_front(gateway_database, trusted_proxies=PROXY, **bounds) as front:
        await front.gateway.pool.execute("DELETE FROM guesses; DELETE FROM known_addresses")
        yield front


async def guess(front: Front, user: str, source: str, times: int) -> list[httpx.Response]:
    return [await front.sign_in(user, "guess", source) for _ in range(times)]


def statuses(answers: list[httpx.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


async def free_now(front: Front) -> None:
    """Let every delay be over, as if the time had passed."""
    await front.gateway.pool.execute("UPDATE guesses SET free_time = now()")


async def test_wrong_guesses_elsewhere_never_lock_the_right_person_out_at_home(
    front: Front,
) -> None:
    assert (await front.sign_in("zhao", source=HOME)).status_code == 200
    for number in range(40):
        await front.sign_in("zhao", "guess", f"127.0.{1 + number % 20}.66")
    assert (await front.sign_in("zhao", source=HOME)).status_code == 200
    refused = await front.sign_in("zhao", source=AWAY)
    assert (refused.status_code, refused.json()["reason"]) == (429, "RATE_LIMITED")
    assert (await front.sign_in("li", source=HOME)).status_code == 200


async def test_each_wrong_guess_doubles_the_delay(front: Front) -> None:
    assert statuses(await guess(front, "zhao", AWAY, 6)) == [401] * 5 + [429]
    delays = []
    for _ in range(6):
        await free_now(front)
        wrong, refused = await guess(front, "zhao", AWAY, 2)
        assert (wrong.status_code, refused.status_code) == (401, 429)
        delays.append(int(refused.headers["Retry-After"]))
    assert delays == [120, 240, 480, 900, 900, 900]


async def set_back(front: Front, hours: int) -> None:
    """As if the clock of the database had been so far ahead until now."""
    await front.gateway.pool.execute(
        "UPDATE guesses SET free_time = free_time + $1 * interval '1 hour', "
        "forget_time = forget_time + $1 * interval '1 hour'",
        hours,
    )


@pytest.mark.parametrize("before", [1, 5, 9])
async def test_a_clock_that_is_set_back_locks_nobody_out_and_forgets_no_count(
    front: Front, before: int
) -> None:
    """Each attempt, also a right one, kept its name and address out until the old time came."""
    await guess(front, "zhao", AWAY, before)
    await set_back(front, 5)
    assert statuses(await guess(front, "zhao", AWAY, 2)) == (
        [401, 429] if before > 3 else [401, 401]
    )
    await set_back(front, 1)
    assert (await front.sign_in("zhao", source=AWAY)).status_code == 200
    await set_back(front, 30)
    assert (await front.sign_in("li", source=AWAY)).status_code == 200


async def test_all_spellings_of_a_name_are_counted_as_one(front: Front) -> None:
    spellings = ("zhao", "ZHAO", "Zhao", "ｚｈａｏ", "ＺＨＡＯ", "zｈAo")
    answers = [await front.sign_in(user, "guess", AWAY) for user in spellings]
    assert statuses(answers) == [401] * 5 + [429]
    await free_now(front)
    assert (await front.sign_in("ＺＨＡＯ", source=AWAY)).status_code == 200


async def test_an_attempt_in_the_delay_makes_it_no_longer_and_is_not_checked(front: Front) -> None:
    await guess(front, "zhao", AWAY, 5)
    ends = "SELECT max(free_time) FROM guesses"
    before = await front.gateway.pool.fetchval(ends)
    answer = await front.sign_in("zhao", source=AWAY)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert await front.gateway.pool.fetchval(ends) == before
    await free_now(front)
    assert (await front.sign_in("zhao", source=AWAY)).status_code == 200


async def test_where_the_person_was_before_the_delay_stays_short(front: Front) -> None:
    assert (await front.sign_in("zhao", source=HOME)).status_code == 200
    for _ in range(6):
        await free_now(front)
        await guess(front, "zhao", HOME, 1)
    refused = await front.sign_in("zhao", source=HOME)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")


async def test_many_at_once_are_no_way_around(front: Front) -> None:
    answers = await asyncio.gather(*(front.sign_in("zhao", "guess", AWAY) for _ in range(20)))
    assert sorted({answer.status_code for answer in answers}) == [401, 429]
    assert statuses(list(answers)).count(401) == 5


async def test_one_password_over_many_names_is_slow_from_one_address(front: Front) -> None:
    assert (await front.sign_in("li", source=AWAY)).status_code == 200
    names = [await front.sign_in(f"call_taker.{n}", "guess", AWAY) for n in range(12)]
    assert statuses(names) == [401] * 9 + [429] * 3
    stranger = await front.sign_in("zhao", source=AWAY)
    assert stranger.status_code == 429
    # An account of the guesser's own neither suffers nor helps.
    assert (await front.sign_in("li", source=AWAY)).status_code == 200
    assert (await front.sign_in("zhao", source=AWAY)).status_code == 429


async def test_many_addresses_at_one_name_are_slow_together(front: Front) -> None:
    answers = [await front.sign_in("zhao", "guess", f"127.0.2.{n}") for n in range(1, 12)]
    assert statuses(answers) == [401] * 8 + [429] * 3


async def test_a_name_that_nobody_has_is_counted_alike(front: Front) -> None:
    real = await guess(front, "zhao", AWAY, 7)
    none = await guess(front, "nobody-at-all", "127.0.0.67", 7)
    assert statuses(real) == statuses(none) == [401] * 5 + [429] * 2


async def test_the_network_of_a_control_room_is_known_for_everybody(gateway_database: str) -> None:
    bounds = {"wrong_of_name_free": "3", "first_delay_seconds": "60"}
    async with a_front(gateway_database, known_networks="127.0.9.0/24", **bounds) as front:
        await front.gateway.pool.execute("DELETE FROM guesses; DELETE FROM known_addresses")
        for n in range(5):
            await front.sign_in("zhao", "guess", f"127.0.2.{n + 1}")
        assert (await front.sign_in("zhao", source="127.0.9.5")).status_code == 200
        assert (await front.sign_in("zhao", source="127.0.8.5")).status_code == 429


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP"]
)
async def test_nobody_names_an_address_but_a_trusted_proxy(front: Front, header: str) -> None:
    said = (f"198.51.100.{n}" for n in range(1, 9))
    answers = [
        await front.sign_in(
            "zhao", "guess", HOST, **{header: f"for={at}" if header == "Forwarded" else at}
        )
        for at in said
    ]
    assert statuses(answers) == [401] * 5 + [429] * 3


async def test_behind_a_trusted_proxy_the_real_address_counts(front: Front) -> None:
    async def through(address: str, password: str) -> httpx.Response:
        return await front.sign_in("zhao", password, PROXY, **{"X-Forwarded-For": address})

    one = [await through("203.0.113.7", "guess") for _ in range(6)]
    assert statuses(one) == [401] * 5 + [429]
    # What the client has claimed itself stands to the left of what the proxy adds.
    assert (await through("192.0.2.1, 203.0.113.7", PASSWORD)).status_code == 429
    assert (await through("203.0.113.8", "guess")).status_code == 401
    assert (await through("203.0.113.9", PASSWORD)).status_code == 200


async def test_behind_a_proxy_that_speaks_rfc_7239_that_header_counts_and_no_other(
    gateway_database: str,
) -> None:
    """Where the proxy writes `Forwarded`, it passes on what clients claim in X-Forwarded-For."""
    bounds = {"first_delay_seconds": "60", "proxy_header": "Forwarded"}
    async with a_front(gateway_database, trusted_proxies=PROXY, **bounds) as front:
        await front.gateway.pool.execute("DELETE FROM guesses; DELETE FROM known_addresses")

        async def through(node: str, claimed: str, password: str) -> int:
            said = {"Forwarded": f'for=192.0.2.1, for="{node}"', "X-Forwarded-For": claimed}
            return (await front.sign_in("zhao", password, PROXY, **said)).status_code

        claims = [f"198.51.100.{n}" for n in range(1, 7)]
        tried = [await through("[2001:db8::7]:4711", each, "guess") for each in claims]
        assert tried == [401] * 5 + [429]
        assert await through("[2001:db8::7]:9", "198.51.100.9", PASSWORD) == 429
        assert await through("203.0.113.9", "198.51.100.9", PASSWORD) == 200


async def test_names_and_addresses_are_kept_as_hashes_only(front: Front) -> None:
    await front.sign_in("zhao", source=HOME)
    await front.sign_in("zhao", "guess", AWAY)
    rows = await front.gateway.pool.fetch(
        "SELECT who FROM guesses UNION SELECT who FROM known_addresses"
    )
    kept = " ".join(row["who"] for row in rows)
    assert kept and not any(plain in kept for plain in ("zhao", HOME, AWAY))


async def test_a_key_is_limited_over_http_as_accounts_are(gateway_database: str) -> None:
    async with a_front(gateway_database, key_rate="0.01", key_burst="3") as front:
        async with front.client(Authorization=f"Bearer {STATION_KEY}") as http:
            answers = [await http.get("/v1/sessions/current") for _ in range(4)]
        assert statuses(answers) == [200, 200, 200, 429]
        assert answers[3].json()["reason"] == "RATE_LIMITED"
