"""Passwords: what matches, and that the time of an answer does not tell which accounts exist."""

import pytest

from services.gateway.accounts import passwords as module
from services.gateway.accounts.passwords import ARGON, Passwords, hash_of
from services.gateway.accounts.register import NO_PASSWORD


async def test_no_account_is_told_by_the_time_of_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each guess costs one check of the same parameters; seconds would tell of a busy machine."""
    checked: list[str] = []
    verify = module._verify

    def noting(known: str, password: str) -> bool:
        checked.append(known.rpartition("$")[0].rpartition("$")[0])
        return verify(known, password)

    monkeypatch.setattr(module, "_verify", noting)
    passwords = Passwords()
    try:
        for known in (hash_of("grauer-Kiesel-17"), None, "", NO_PASSWORD):
            assert not await passwords.match(known, "guess")
    finally:
        passwords.close()
    assert len(checked) == 4 and checked[0].startswith(ARGON) and len(set(checked)) == 1


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
