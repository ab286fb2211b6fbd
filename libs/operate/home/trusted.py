"""The certificates that an installation trusts: `ca.pem`, the newest authority first."""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from backbone.process.certificates import authorities_in
from operate.home.home import write
from operate.home.trouble import Trouble

BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----")


def trust_too(folder: Path, own: x509.Certificate) -> None:
    """Trust an authority beside those of before."""
    _trust(folder, [own, *_readable(folder)])


def trust_alone(folder: Path, own: x509.Certificate) -> None:
    _trust(folder, [own])


def mend(folder: Path, own: x509.Certificate) -> bool:
    """Write the file anew if it cannot be read or lacks this authority; return whether it was. What
    can be read of it stays."""
    try:
        if own in authorities_in(folder / "ca.pem"):
            return False
    except (OSError, ValueError):
        pass
    trust_too(folder, own)
    return True


def _readable(folder: Path) -> list[x509.Certificate]:
    """The certificates of the file: a broken one hides no other."""
    path, found = folder / "ca.pem", []
    for block in BLOCK.findall(path.read_text(errors="replace") if path.is_file() else ""):
        with suppress(ValueError):
            found.append(x509.load_pem_x509_certificate(block.encode()))
    return found


def _trust(folder: Path, authorities: Iterable[x509.Certificate]) -> None:
    blocks = (each.public_bytes(Encoding.PEM).decode() for each in dict.fromkeys(authorities))
    put(folder / "ca.pem", "".join(blocks), 0o600)


def put(path: Path, text: str, mode: int) -> None:
    """Write a file of certificates. Raises Trouble where it cannot be, as for a folder that stands
    in its place: a container makes one of a file that is not there."""
    try:
        write(path, text, mode)
    except OSError as error:
        raise Trouble(
            f"{path} cannot be written: {error.strerror}.", f"无法写入 {path}：{error.strerror}。"
        ) from error
