"""Checks passwords: argon2id, in threads, in equal time for accounts that have none."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's minimum, about 20 ms and 19 MiB a check, so that a whole shift can sign in at once.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# An account without a password has another text in the place of a hash.
ARGON = "$argon2"


def hash_of(password: str) -> str:
    return HASHER.hash(password)


class Passwords:
    """Runs two checks at a time, to limit memory and CPU."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="passwords")
        self._of_none = hash_of("no account has this password")

    async def match(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right; False without a usable hash, after the same time."""
        loop = asyncio.get_running_loop()
        is_usable = password_hash is not None and password_hash.startswith(ARGON)
        known = password_hash if password_hash and is_usable else self._of_none
        right = await loop.run_in_executor(self._threads, _verify, known, password)
        return right and is_usable

    async def hash(self, password: str) -> str:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, hash_of, password)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
