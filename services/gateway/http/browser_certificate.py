"""Watches the city's own certificate, which people's browsers see: its authority is not ours, so
`liandong certificates` neither renews it nor tells its end."""

import logging
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from backbone.process.certificates import WireFlaw, as_lines
from backbone.process.metrics import CERTIFICATE_LEFT
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

PART = "certificate for browsers"
LOOK = 10.0


async def watch_certificate(path: Path, pulse: Pulse, look: float = LOOK) -> None:
    """Tell in readiness, metric and log how the file is; for ever. It takes no gateway out of
    service: the others show the same file, and people may still go on past the warning."""
    told = ""
    async for _ in pulse.rounds(PART, look):
        flaw = flaw_of_certificate(path)
        pulse.note(PART, str(flaw or ""))
        if flaw is None:
            left = _own(path).not_valid_after_utc - datetime.now(UTC)
            CERTIFICATE_LEFT.labels(PART).set(left.total_seconds())
        else:
            CERTIFICATE_LEFT.labels(PART).set(0)
            if str(flaw) != told:
                log.error("certificate.unusable", extra={"error": str(flaw)})
        told = str(flaw or "")


def flaw_of_certificate(path: Path) -> WireFlaw | None:
    """Why browsers refuse what the file holds, or why it cannot be shown; None if it serves."""
    try:
        own, key = _own(path), load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        why = getattr(error, "strerror", None) or error
        return _flaw(path, f"cannot be read ({why})", f"无法读取（{why}）")
    if key.public_key() != own.public_key():
        return _flaw(path, "has a key that is not its own", "与私钥不符")
    now, since, until = datetime.now(UTC), own.not_valid_before_utc, own.not_valid_after_utc
    if until <= now:
        time = f"{until:%Y-%m-%d %H:%M} UTC"
        return _flaw(path, f"expired on {time}", f"已于 {time} 过期")
    if since > now:
        time = f"{since:%Y-%m-%d %H:%M} UTC"
        return _flaw(path, f"is not valid before {time}", f"要到 {time} 才生效")
    return None


def _own(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(as_lines(path.read_bytes()))


def _flaw(path: Path, english: str, chinese: str) -> WireFlaw:
    return WireFlaw(
        f"The certificate for browsers, {path}, {english}: write key and chain of a good one into "
        "that file; it is shown within seconds.",
        f"面向浏览器的证书 {path} {chinese}：请将有效证书的私钥和证书链写入该文件，数秒内即生效。",
    )
