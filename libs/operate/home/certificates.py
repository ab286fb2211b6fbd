"""The authority of an installation, and the certificates that it issues to each service.

`authority.pem` holds the authority's key and stays with the operator. `ca.pem` holds the
certificates that are trusted, `<name>.pem` the key and the certificate of one identity. A host of
services needs `ca.pem` and the files of its own services, nothing else.
"""

import ipaddress
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from backbone.process.certificates import end_of, hosts
from backbone.process.settings import PORTS
from backbone.process.wires import DOMAIN
from operate.home import trusted
from operate.home.trouble import Trouble

OPERATOR = "operate"
# Every identity of a city: its services, its servers and the liandong command.
IDENTITIES = (*PORTS, "kafka", "postgres", OPERATOR)
LOCAL = ("localhost", "127.0.0.1", "::1")
AUTHORITY = "authority.pem"
AUTHORITY_DAYS = 3650
DAYS = 397
# A certificate is due when less than this is left of it.
LEFT = timedelta(days=60)
EARLY = timedelta(minutes=5)  # clocks of other hosts may be behind


class Authority:
    """The key that issues the certificates of one folder."""

    def __init__(self, folder: Path) -> None:
        """Read the authority. Raises Trouble if it is missing or damaged."""
        self.folder = folder
        path = folder / AUTHORITY
        try:
            text = path.read_bytes()
            self.own = x509.load_pem_x509_certificate(text)
            key = load_pem_private_key(text, None)
        except (OSError, ValueError) as error:
            raise _no_authority(path) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise _no_authority(path)
        self._key = key

    def issue(self, name: str, names: Sequence[str] = (), days: float = DAYS) -> None:
        """Write a new key and certificate of an identity, good for these hosts and our own."""
        key = ec.generate_private_key(ec.SECP256R1())
        known = [each for each in hosts_of(self.folder / f"{name}.pem") if each != name + DOMAIN]
        wanted = dict.fromkeys((name + DOMAIN, *LOCAL, *known, *names))
        certificate = (
            _builder(_named(name), self.own.subject, key.public_key(), days)
            .add_extension(x509.SubjectAlternativeName([_general(each) for each in wanted]), False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(issuer_of(self._key), False)
            .add_extension(x509.ExtendedKeyUsage(BOTH_SIDES), False)
            .sign(self._key, SHA256())
        )
        keep(self.folder / f"{name}.pem", key, certificate)


BOTH_SIDES = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]


def create(folder: Path, names: Sequence[str] = ()) -> list[str]:
    """Make the authority, if there is none, every certificate that is missing or broken, and
    `ca.pem` where it is; return their names."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / AUTHORITY).exists():
        if all((folder / f"{name}.pem").exists() for name in ("ca", *IDENTITIES)):
            return []  # a host of services, whose authority is elsewhere
        make_authority(folder)
    authority = Authority(folder)
    made = ["ca"] if trusted.mend(folder, authority.own) else []
    missing = [name for name in IDENTITIES if not is_whole(folder / f"{name}.pem")]
    for name in missing:
        authority.issue(name, names)
    return [*made, *missing]


def is_whole(path: Path) -> bool:
    """Whether a file holds a certificate and a key. Raises OSError for one of another user."""
    try:
        text = path.read_bytes()
        x509.load_pem_x509_certificate(text)
        load_pem_private_key(text, None)
    except (FileNotFoundError, IsADirectoryError, ValueError, TypeError):
        return False
    return True


def renew(
    folder: Path,
    only: Sequence[str] = (),
    names: Sequence[str] = (),
) -> list[str]:
    """Issue certificates anew; their hosts stay. `ca.pem` is mended if it is broken. Raises Trouble
    for an unknown name."""
    if unknown := sorted(set(only) - set(IDENTITIES)):
        raise Trouble(
            f"There is no identity {unknown[0]}; there are: {', '.join(IDENTITIES)}.",
            f"没有名为 {unknown[0]} 的身份；现有：{'、'.join(IDENTITIES)}。",
        )
    authority = Authority(folder)
    trusted.mend(folder, authority.own)
    wanted = list(only or IDENTITIES)
    for name in wanted:
        authority.issue(name, names)
    return wanted


def renew_due(folder: Path) -> list[str]:
    """Issue anew what expires soon, where the authority is at hand; return the names."""
    if not (folder / AUTHORITY).exists():
        return []
    soon = datetime.now(UTC) + LEFT
    due = [name for name in IDENTITIES if _end(folder / f"{name}.pem") < soon]
    return renew(folder, due) if due else []


def _end(path: Path) -> datetime:
    """When a certificate ends; an unreadable one needs a person, who is told when it is used."""
    try:
        return end_of(path)
    except (OSError, ValueError):
        return datetime.max.replace(tzinfo=UTC)


def make_authority(folder: Path) -> None:
    """Make an authority; one before it stays trusted, so that services may change one by one."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = datetime.now(UTC)
    subject = _named(f"liandong {made:%Y-%m-%dT%H:%M:%S.%fZ}")
    usage = {name: name in ("key_cert_sign", "crl_sign") for name in USAGES}
    certificate = (
        _builder(subject, subject, key.public_key(), AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(x509.KeyUsage(**usage), True)
        .add_extension(issuer_of(key), False)
        .sign(key, SHA256())
    )
    # Trusted first: from now on certificates of both are accepted.
    trusted.trust_too(folder, certificate)
    keep(folder / AUTHORITY, key, certificate)


def distrust_all_before(folder: Path) -> None:
    """Trust the present authority alone: what earlier ones have issued is good for nothing."""
    trusted.trust_alone(folder, Authority(folder).own)


USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def keep(path: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    """Write key and certificate into one file that its owner alone may read, atomically."""
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    trusted.put(path, (secret + certificate.public_bytes(Encoding.PEM)).decode(), 0o600)


def hosts_of(path: Path) -> list[str]:
    """The names of a certificate that exists; empty if it cannot be read."""
    try:
        return hosts(x509.load_pem_x509_certificate(path.read_bytes()))
    except (OSError, ValueError):
        return []


def readable_by_others(folder: Path) -> list[Path]:
    """The files with a private key that other users may read, and that are ours to change."""
    keys = [folder / AUTHORITY, *(folder / f"{name}.pem" for name in IDENTITIES)]
    return [path for path in keys if is_open(path)]


def is_open(path: Path) -> bool:
    """Whether others may read a file that is ours; Kubernetes gives pods files of root's."""
    if not path.exists():
        return False
    told = path.stat()
    return bool(told.st_mode & 0o077) and os.geteuid() in (0, told.st_uid)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: float
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY if days > 0 else now + timedelta(days=days - 1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
    )


def issuer_of(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _no_authority(path: Path) -> Trouble:
    return Trouble(
        f"{path} is missing or damaged, and without it no certificate can be issued: put it back, "
        "or move its folder away to begin with a new authority (`liandong certificates create`).",
        f"{path} 缺失或损坏，无法签发证书：请放回该文件，"
        "或移走其所在文件夹后重新建立签发机构（liandong certificates create）。",
    )
