"""Downloads from a repository of our own: kept, repaired when damaged, told when wrong."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

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


def test_every_pinned_jar_has_a_checksum() -> None:
    pinned = jars.read_list()
    assert len(pinned) > 40
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in pinned)
