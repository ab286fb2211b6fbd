"""Passwords: what matches, and that the time of an answer does not tell which accounts exist."""

import time

from services.gateway.accounts.passwords import Passwords, hash_of
from services.gateway.accounts.register import NO_PASSWORD


async def seconds_of(passwords: Passwords, known: str | None) -> float:
    """The shortest of three checks: a busy machine only makes them longer."""
    found = []
    for _ in range(3):
        began = time.perf_counter()
        assert not await passwords.match(known, "guess")
        found.append(time.perf_counter() - began)
    return min(found)


async def test_no_account_is_told_by_the_time_of_an_answer() -> None:
    passwords = Passwords()
    try:
        wrong = await seconds_of(passwords, hash_of("grauer-Kiesel-17"))
        for known in (None, "", NO_PASSWORD):
            assert await seconds_of(passwords, known) > wrong / 4, known
    finally:
        passwords.close()


async def test_only_the_password_itself_matches() -> None:
    passwords = Passwords()
    try:
        known = await passwords.hash("grauer-Kiesel-17")
        assert await passwords.match(known, "grauer-Kiesel-17")
        for other in ("", "grauer-Kiesel-18", "no account has this password"):
            assert not await passwords.match(known, other)
            assert not await passwords.match(NO_PASSWORD, other)
    finally:
        passwords.close()
