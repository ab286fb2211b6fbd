"""Which service calls, by its certificate, and which methods it may call: callers.yaml."""

import asyncio
import time
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from msgspec import yaml

from backbone.process.certificates import is_issued
from backbone.process.wires import DOMAIN, written
from backbone.words.errors import Denied

DECLARED = Path(__file__).parent / "callers.yaml"
OPEN = "CallsService"  # carries calls, each of which is judged by itself
# Seconds between two looks at ca.pem.
LOOK = 1.0
NOT_TRUSTED = "CERTIFICATE_NOT_TRUSTED"


def peer_of(context: Any) -> str:
    """The service that the caller's certificate names, empty if it names none of ours."""
    names = context.auth_context().get("x509_subject_alternative_name", ())
    ours = (name.decode() for name in names if name.endswith(DOMAIN.encode()))
    return next(ours, "").removesuffix(DOMAIN)


class Trusted:
    """Certificates that are good at this moment: a connection may be older than the end of the
    one that it was made with, or than the day on which its authority was taken out of ca.pem."""

    def __init__(self, ca: Path) -> None:
        self._ca = ca
        self._looked, self._stamp = 0.0, 0
        self._authorities: list[x509.Certificate] = []
        self._ends: dict[bytes, float] = {}

    def require(self, shown: bytes) -> None:
        """Raises Denied for a certificate, in PEM, that has expired or is not trusted any more."""
        if not self.has(shown):
            raise Denied(NOT_TRUSTED)

    def has(self, shown: bytes) -> bool:
        now = time.time()
        if now >= self._looked + LOOK or shown not in self._ends:
            self._look(now)
        if shown not in self._ends:
            self._ends[shown] = self._end_of(shown)
        return now < self._ends[shown]

    async def until_lost(self, shown: bytes) -> None:
        """Wait until the certificate has expired or is not trusted any more."""
        while self.has(shown):  # noqa: ASYNC110  # a file says so, and time
            await asyncio.sleep(LOOK)

    def _look(self, now: float) -> None:
        self._looked, stamp = now, written(self._ca)
        if stamp in (self._stamp, 0):
            return
        try:
            self._authorities = x509.load_pem_x509_certificates(self._ca.read_bytes())
        except (OSError, ValueError):  # readiness tells of it; the files read last hold
            return
        self._stamp = stamp
        self._ends.clear()

    def _end_of(self, shown: bytes) -> float:
        """When it ends, in seconds since 1970; 0 if no trusted authority has issued it."""
        try:
            own = x509.load_pem_x509_certificate(shown)
        except ValueError:
            return 0.0
        ends = [each.not_valid_after_utc for each in self._authorities if is_issued(own, each)]
        return min(max(ends), own.not_valid_after_utc).timestamp() if ends else 0.0


def shown_by(context: Any) -> bytes:
    """The certificate of the caller, in PEM; empty if it shows none."""
    return bytes(next(iter(context.auth_context().get("x509_pem_cert", ())), b""))


def require_right(peer: str, path: str) -> None:
    """Raises Denied if the service may not call the method, such as /liandong.x.v1.Service/Do."""
    if not may_call(peer, path):
        raise Denied("NOT_YOUR_METHOD", service=peer or "unknown", method=path)


@cache
def may_call(peer: str, path: str) -> bool:
    """Methods that are named belong to those that are named with them alone."""
    services, methods = declared()
    service, _, name = path.rpartition(".")[2].partition("/")
    if service == OPEN:
        return bool(peer)
    named = methods.get(f"{service}/{name}")
    return peer in named if named is not None else peer in services.get(service, ())


@cache
def declared() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The callers of whole services, and of single methods."""
    document: dict[str, Any] = yaml.decode(DECLARED.read_bytes())
    return document["services"], document["methods"]
