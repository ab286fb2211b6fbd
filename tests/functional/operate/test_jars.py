"""Downloads from a repository of our own: kept, repaired when damaged, told when wrong."""

import hashlib
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from operate.home.trouble import Trouble
from operate.servers import jars
from operate.servers.jars import Jar

CONTENT = b"a jar, more or less" * 1000


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder served over HTTP, named as the mirror."""
    folder = tmp_path / "repository"
    folder.mkdir()
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("LIANDONG_MAVEN_MIRROR", f"http://127.0.0.1:{server.server_port}")
        yield folder
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def published(repository: Path, content: bytes = CONTENT) -> Jar:
    jar = Jar("org.example", "thing", "1.0", hashlib.sha256(CONTENT).hexdigest())
    path = repository / jar.path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return jar


def test_fetched_once_and_then_kept(repository: Path, tmp_path: Path) -> None:
    jar = published(repository)
    [path] = jars.fetch([jar], tmp_path / "cache")
    (repository / jar.path).unlink()
    assert jars.fetch([jar], tmp_path / "cache") == [path]
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("damage", [b"", CONTENT[:500], CONTENT + b"!"])
def test_a_damaged_copy_is_fetched_again(repository: Path, tmp_path: Path, damage: bytes) -> None:
    jar = published(repository)
    [path] = jars.fetch([jar], tmp_path / "cache")
    path.write_bytes(damage)
    assert jars.fetch([jar], tmp_path / "cache") == [path]
    assert path.read_bytes() == CONTENT


def test_a_start_that_has_all_jars_leaves_the_ssl_of_other_threads_alone(
    repository: Path, tmp_path: Path
) -> None:
    jar = published(repository)
    jars.fetch([jar], tmp_path / "cache")
    seen: list[object] = []
    jars.fetch([jar], tmp_path / "cache", lambda done, total: seen.append((done, ssl.SSLContext)))
    assert seen == [(1, ssl.SSLContext)]


def test_another_content_than_the_pinned_one_never_runs(repository: Path, tmp_path: Path) -> None:
    jar = published(repository, b"something else")
    with pytest.raises(Trouble, match=r"thing-1.0.jar.*SHA-256.*LIANDONG_MAVEN_MIRROR"):
        jars.fetch([jar], tmp_path / "cache")
    assert not (tmp_path / "cache" / "m2" / jar.path).exists()


def test_a_repository_out_of_reach_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDONG_MAVEN_MIRROR", "http://127.0.0.1:9")
    jar = Jar("org.example", "thing", "1.0", "0")
    with pytest.raises(Trouble, match="Check the network"):
        jars.fetch([jar], tmp_path / "cache")


@pytest.fixture
def signed_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Path, Path]]:
    """A folder served over HTTPS by an unknown authority, and its certificate."""
    folder, certificate = tmp_path / "repository", tmp_path / "authority.pem"
    folder.mkdir()
    certificate.write_bytes(self_signed("127.0.0.1"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    handler = partial(Quiet, directory=str(folder))
    with Hushed(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("LIANDONG_MAVEN_MIRROR", f"https://127.0.0.1:{server.server_port}")
        yield folder, certificate
        server.shutdown()


class Hushed(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        pass  # the client hangs up on a certificate that it does not trust


def self_signed(address: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an inspecting proxy")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(
        now + timedelta(days=1)
    )
    builder = builder.add_extension(names, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
    whole = builder.sign(key, hashes.SHA256())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return whole.public_bytes(Encoding.PEM) + secret


def test_a_certificate_that_the_machine_trusts_is_trusted(
    signed_repository: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, certificate = signed_repository
    jar = published(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    [path] = jars.fetch([jar], tmp_path / "cache")
    assert path.read_bytes() == CONTENT


def test_a_certificate_that_nobody_trusts_is_named_as_the_cause(
    signed_repository: tuple[Path, Path], tmp_path: Path
) -> None:
    jar = published(signed_repository[0])
    with pytest.raises(Trouble, match=r"thing-1.0.jar.*certificate.*SSL_CERT_FILE") as told:
        jars.fetch([jar], tmp_path / "cache")
    assert "证书" in told.value.chinese


def test_every_pinned_jar_has_a_checksum() -> None:
    pinned = jars.read_list()
    assert len(pinned) > 40
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in pinned)
