"""Checks the password of an account, at a sign-in and before a change of the own account."""

from dataclasses import dataclass
from typing import Any

from backbone.postgres.pool import Pool
from services.gateway.accounts import storage
from services.gateway.accounts.coded import Coded
from services.gateway.accounts.guessing import Guessing
from services.gateway.accounts.passwords import Passwords


@dataclass(frozen=True, slots=True)
class Credentials:
    """The passwords of all accounts, with the delays of wrong ones."""

    pool: Pool
    coded: Coded
    passwords: Passwords
    guessing: Guessing

    async def check(self, user: str, password: str, address: str) -> tuple[Any, bool]:
        """The account, None if there is none, and whether this is its password.

        Takes equal time whatever is wrong. Raises Problem 429 during a delay.
        """
        attempt = await self.guessing.attempt(user, address)
        account = await storage.account_of(self.pool, self.coded, user)
        known = account["password_hash"] if account else None
        is_right = await self.passwords.match(known, password)
        if is_right:
            await self.guessing.succeeded(attempt)
        return account, is_right
