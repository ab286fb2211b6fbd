"""Says what is wrong with a certificate, in one sentence, before or after a connection fails."""

import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from backbone.process.wires import DOMAIN, Wires

RENEW = "`liandong certificates renew`"
# OpenSSL's numbers of what it found wrong with a chain.
EXPIRED, NOT_YET = 10, 9
UNKNOWN = (2, 18, 19, 20, 21)
OTHER_NAME = (62, 64)
# OpenSSL's words for an answer that is not TLS.
NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNEXPECTED_EOF_WHILE_READING")

MARK, LINE = re.compile(rb"-----BEGIN [A-Z]"), re.compile(rb"^-----BEGIN [A-Z]", re.MULTILINE)
# Where OpenSSL fails at a file of ours, before it connects.
OUR_FILES = ("X509", "PEM")


@dataclass(frozen=True, slots=True)
class WireFlaw:
    """One sentence with its remedy, in both languages: logs and readiness show both."""

    english: str
    chinese: str

    def __str__(self) -> str:
        return f"{self.english} {self.chinese}"


def flaw_of(wires: Wires) -> WireFlaw | None:
    """The flaw of the files of an identity, None if they serve now."""
    try:
        trusted = authorities_in(wires.ca)
    except (OSError, ValueError) as error:
        return _unreadable(f"{wires.ca} cannot", f"{wires.ca}", error)
    try:
        text = as_lines(wires.own.read_bytes())
        own, key = x509.load_pem_x509_certificate(text), load_pem_private_key(text, None)
    except (OSError, ValueError, TypeError) as error:
        who = f"The certificate of {wires.name} in {wires.folder} cannot"
        return _unreadable(who, f"{wires.folder} 中 {wires.name} 的证书", error)
    try:
        authorities_in(wires.servers)
    except (OSError, ValueError) as error:
        return _no_servers(wires.servers, error)
    if key.public_key() != own.public_key():
        return WireFlaw(
            f"{wires.own} holds a key that is not that of its certificate: {RENEW}.",
            f"{wires.own} 中的私钥与证书不符：请执行 liandong certificates renew。",
        )
    return _flaw(own, trusted, wires)


def authorities_in(path: Path) -> list[x509.Certificate]:
    """All authorities of a file. Raises OSError, and ValueError if one of them is cut off: clients
    then trust none of the file."""
    text = as_lines(path.read_bytes())
    found = x509.load_pem_x509_certificates(text)
    if len(found) != text.count(b"-----BEGIN CERTIFICATE-----"):
        raise ValueError("a certificate in it is cut off")
    return found


def as_lines(text: bytes) -> bytes:
    """The text of a PEM file. Raises ValueError if OpenSSL and gRPC would pass over a part of it:
    they look for it at the start of a line."""
    if MARK.findall(text) != LINE.findall(text):
        raise ValueError("a byte order mark, a space or another sign stands before -----BEGIN")
    return text


def _unreadable(who: str, chinese: str, error: Exception) -> WireFlaw:
    why = getattr(error, "strerror", None) or error
    return WireFlaw(
        f"{who} be read ({why}): {RENEW}, where the authority is.",
        f"无法读取 {chinese}（{why}）："
        "请在保存签发机构私钥的机器上执行 liandong certificates renew。",
    )


def _no_servers(path: Path, error: Exception) -> WireFlaw:
    why = getattr(error, "strerror", None) or error
    return WireFlaw(
        f"{path} cannot be read ({why}): write the certificates of the authorities of Kafka and "
        "PostgreSQL into it anew, or remove it if theirs are those in ca.pem.",
        f"无法读取 {path}（{why}）：请重新写入 Kafka 和 PostgreSQL 签发机构的证书；"
        "若其证书由 ca.pem 中的机构签发，则删除该文件。",
    )


def _flaw(own: x509.Certificate, trusted: list[x509.Certificate], wires: Wires) -> WireFlaw | None:
    now = datetime.now(UTC)
    if own.not_valid_after_utc <= now:
        return expired(wires.name, own.not_valid_after_utc)
    if own.not_valid_before_utc > now:
        return not_yet(wires.name, own.not_valid_before_utc)
    if not any(is_issued(own, each) and each.not_valid_after_utc > now for each in trusted):
        return unknown(wires.name)
    if wires.name not in identities(own):
        return WireFlaw(
            f"{wires.own} is the certificate of another service: {RENEW}.",
            f"{wires.own} 是另一服务的证书：请执行 liandong certificates renew。",
        )
    return None


def is_issued(own: x509.Certificate, by: x509.Certificate) -> bool:
    """Whether one certificate is the work of the other one's key."""
    try:
        own.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def identities(certificate: x509.Certificate) -> list[str]:
    """The services whose identity the certificate proves: one, if our command made it."""
    return [name.removesuffix(DOMAIN) for name in hosts(certificate) if name.endswith(DOMAIN)]


def hosts(certificate: x509.Certificate) -> list[str]:
    """Every name and address of a certificate."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names]


def end_of(path: Path) -> datetime:
    """When the certificate in a file expires. Raises OSError or ValueError."""
    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc


def expired(name: str, time: datetime | None = None) -> WireFlaw:
    since = f" on {time:%Y-%m-%d %H:%M} UTC" if time else ""
    when = f"已于 {time:%Y-%m-%d %H:%M} UTC 过期" if time else "已过期"
    return WireFlaw(
        f"The certificate of {name} expired{since}: {RENEW}.",
        f"{name} 的证书{when}：请执行 liandong certificates renew。",
    )


def not_yet(name: str, time: datetime | None = None) -> WireFlaw:
    begins = f" before {time:%Y-%m-%d %H:%M} UTC" if time else " yet"
    when = f"要到 {time:%Y-%m-%d %H:%M} UTC 才生效" if time else "尚未生效"
    return WireFlaw(
        f"The certificate of {name} is not valid{begins}: set the clock, or {RENEW}.",
        f"{name} 的证书{when}：请校准时钟，或执行 liandong certificates renew。",
    )


def unknown(name: str) -> WireFlaw:
    return WireFlaw(
        f"The certificate of {name} was issued by an authority that ca.pem does not hold: the "
        f"authority has changed. Add its certificate to ca.pem (of Kafka and PostgreSQL: to "
        f"servers.pem), or {RENEW}.",
        f"{name} 的证书由 ca.pem 之外的机构签发，签发机构已更换："
        "请把新机构的证书加入 ca.pem（Kafka 和 PostgreSQL 的加入 servers.pem），"
        "或执行 liandong certificates renew。",
    )


def no_tls(name: str) -> WireFlaw:
    return WireFlaw(
        f"{name} speaks no TLS at this address: switch it on there (docs/wires.md), or run without "
        "protection, LIANDONG_SECURE=0.",
        f"{name} 在此地址不支持 TLS：请在服务器上启用（见 docs/wires.md），"
        "或设 LIANDONG_SECURE=0 以不加保护的方式运行。",
    )


def flaw_in(error: BaseException | None, name: str) -> WireFlaw | None:
    """The flaw of the wires for which a connection to `name` failed; None for another failure."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return _refused(error, name)
        if getattr(error, "library", "") in OUR_FILES:
            return WireFlaw(
                f"{name} cannot be asked: a file of our certificates is of no use ({error}). "
                "`liandong doctor` names it.",
                f"无法连接 {name}：本机的证书文件不可用（{error}），liandong doctor 会指明该文件。",
            )
        if getattr(error, "reason", "") in NOT_TLS or "rejected SSL upgrade" in str(error):
            return no_tls(name)
        if isinstance(error, ssl.SSLError) and "ALERT" in str(error.reason):
            return WireFlaw(
                f"{name} refuses our certificate ({error.reason}): `liandong certificates list` "
                "tells whether it has expired, or its authority is not in the ca.pem there.",
                f"{name} 拒绝了我方证书（{error.reason}）："
                "请用 liandong certificates list 检查是否过期，或对方的 ca.pem 是否缺少签发机构。",
            )
        if isinstance(error, ssl.SSLError):
            return WireFlaw(
                f"{name} does not speak TLS with us as it must ({error.reason}): look into its "
                "log, and whether both sides have LIANDONG_SECURE=1.",
                f"与 {name} 的 TLS 连接失败（{error.reason}）："
                "请查看其日志，并确认双方均为 LIANDONG_SECURE=1。",
            )
        error = error.__cause__ or error.__context__
    return None


def _refused(error: ssl.SSLCertVerificationError, name: str) -> WireFlaw:
    code = error.verify_code
    if code == EXPIRED:
        return expired(name)
    if code == NOT_YET:
        return not_yet(name)
    if code in UNKNOWN:
        return unknown(name)
    if code in OTHER_NAME:
        return WireFlaw(
            f"The certificate of {name} does not name the host that we connect to "
            f"({error.verify_message}): `liandong certificates renew --host NAME`.",
            f"{name} 的证书不含所连接的主机名（{error.verify_message}）："
            "请执行 liandong certificates renew --host 主机名。",
        )
    return WireFlaw(
        f"The certificate of {name} is refused: {error.verify_message}.",
        f"{name} 的证书未被接受：{error.verify_message}。",
    )
