"""Certificates: what the command makes, and what is said about each that is of no use."""

import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from typer.testing import CliRunner

from backbone.process.certificates import end_of, flaw_in, flaw_of
from backbone.process.current import client_context
from backbone.process.wires import Wires
from operate.admin import renewal, wiring
from operate.cli import certificate_command
from operate.home import certificates
from operate.home.certificates import DAYS, IDENTITIES, Authority
from operate.home.home import Home
from operate.home.trouble import Trouble
from operate.run.installation import Installation


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    certificates.create(tmp_path / "certificates")
    return tmp_path / "certificates"


def test_everybody_gets_one_that_its_owner_alone_may_read(folder: Path) -> None:
    assert {path.stem for path in folder.iterdir()} == {*IDENTITIES, "ca", "authority"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert not certificates.readable_by_others(folder)
    assert [flaw_of(Wires(name, folder)) for name in IDENTITIES] == [None] * len(IDENTITIES)


def test_what_exists_is_not_made_anew(folder: Path) -> None:
    before = (folder / "alarm.pem").read_text()
    (folder / "petition.pem").unlink()
    assert certificates.create(folder) == ["petition"]
    assert (folder / "alarm.pem").read_text() == before


def test_a_renewed_one_keeps_its_hosts(folder: Path) -> None:
    certificates.renew(folder, ["alarm"], ["alarm.city.example"])
    before = (folder / "alarm.pem").read_text()
    certificates.renew(folder, ["alarm"])
    assert (folder / "alarm.pem").read_text() != before
    assert "alarm.city.example" in certificates.hosts_of(folder / "alarm.pem")


def test_an_unknown_name_and_a_lost_authority_are_told(folder: Path) -> None:
    with pytest.raises(Trouble, match="no identity alarms"):
        certificates.renew(folder, ["alarms"])
    (folder / "authority.pem").unlink()
    with pytest.raises(Trouble, match=r"authority\.pem is missing"):
        certificates.renew(folder)
    assert certificates.create(folder) == [], "the host of services whose authority is elsewhere"


def test_what_expires_soon_is_renewed_where_the_authority_is(folder: Path) -> None:
    assert certificates.renew_due(folder) == []
    Authority(folder).issue("alarm", days=20)
    assert certificates.renew_due(folder) == ["alarm"]
    left = end_of(folder / "alarm.pem") - end_of(folder / "petition.pem")
    assert abs(left) < timedelta(days=1) < timedelta(days=DAYS)


def test_a_new_authority_and_the_old_one_are_both_trusted(folder: Path) -> None:
    certificates.make_authority(folder)
    certificates.renew(folder, ["alarm"])
    assert flaw_of(Wires("alarm", folder)) is None, "issued by the new one"
    assert flaw_of(Wires("petition", folder)) is None, "issued by the old one"


def expire(folder: Path) -> None:
    Authority(folder).issue("alarm", days=-1)


def change_authority(folder: Path) -> None:
    (folder / "ca.pem").unlink()
    certificates.make_authority(folder)


def swap(folder: Path) -> None:
    (folder / "alarm.pem").write_bytes((folder / "petition.pem").read_bytes())


def mix(folder: Path) -> None:
    key = (folder / "petition.pem").read_text().partition("-----BEGIN CERT")[0]
    certificate = (folder / "alarm.pem").read_text().partition("-----BEGIN CERT")
    (folder / "alarm.pem").write_text(key + certificate[1] + certificate[2])


def damage(folder: Path) -> None:
    (folder / "alarm.pem").write_text("nonsense")


def empty(folder: Path) -> None:
    (folder / "ca.pem").write_text("")


def blot(folder: Path) -> None:
    """One sign of the certificate of the authority is another one."""
    text = (folder / "ca.pem").read_text()
    (folder / "ca.pem").write_text(text[:60] + "!" + text[61:])


def cut(folder: Path) -> None:
    """A second authority was half written."""
    text = (folder / "ca.pem").read_text()
    (folder / "ca.pem").write_text(text + text[:300])


def lose(folder: Path) -> None:
    (folder / "ca.pem").unlink()


def mark(folder: Path) -> None:
    """As an editor on Windows saves it: gRPC finds no authority in it, OpenSSL one too few."""
    path = folder / "ca.pem"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


def indent(folder: Path) -> None:
    """As it was copied out of a YAML file."""
    path = folder / "alarm.pem"
    path.write_text("".join(f"  {line}\n" for line in path.read_text().splitlines()))


@pytest.mark.parametrize(
    ("harm", "english", "chinese"),
    [
        (expire, "of alarm expired on", "alarm 的证书已于"),
        (change_authority, "the authority has changed", "签发机构已更换"),
        (swap, "the certificate of another service", "另一服务的证书"),
        (mix, "not that of its certificate", "私钥与证书不符"),
        (damage, "cannot be read", "无法读取"),
        (empty, "cannot be read", "无法读取"),
        (blot, "cannot be read", "无法读取"),
        (cut, "cut off", "无法读取"),
        (lose, "cannot be read", "无法读取"),
        (mark, "before -----BEGIN", "无法读取"),
        (indent, "before -----BEGIN", "无法读取"),
    ],
)
def test_each_flaw_is_one_sentence_with_its_remedy(
    folder: Path, harm: Callable[[Path], None], english: str, chinese: str
) -> None:
    harm(folder)
    flaw = flaw_of(Wires("alarm", folder))
    assert flaw is not None
    assert english in flaw.english and "liandong certificates" in flaw.english
    assert chinese in flaw.chinese and "liandong certificates" in flaw.chinese


HARMS = (expire, change_authority, swap, mix, damage, empty, blot, cut, lose, mark, indent)


@pytest.mark.parametrize("harm", HARMS)
def test_the_command_of_the_remedy_mends_it(folder: Path, harm: Callable[[Path], None]) -> None:
    harm(folder)
    flaw = flaw_of(Wires("alarm", folder))
    assert flaw is not None and "liandong certificates renew" in flaw.english
    certificates.renew(folder)
    assert [flaw_of(Wires(name, folder)) for name in IDENTITIES] == [None] * len(IDENTITIES)


@pytest.mark.parametrize("harm", [damage, empty, blot, cut, lose])
def test_what_is_broken_is_as_good_as_missing(folder: Path, harm: Callable[[Path], None]) -> None:
    harm(folder)
    assert certificates.create(folder) == ["alarm" if harm is damage else "ca"]
    assert flaw_of(Wires("alarm", folder)) is None
    assert certificates.create(folder) == []


@pytest.mark.parametrize("name", ["ca", "alarm"])
def test_a_folder_in_the_place_of_a_file_is_told(folder: Path, name: str) -> None:
    """A container makes one of a file that it is given and that is not there."""
    path = folder / f"{name}.pem"
    path.unlink()
    path.mkdir()
    flaw = flaw_of(Wires("alarm", folder))
    assert flaw is not None and "Is a directory" in flaw.english
    for work in (certificates.create, certificates.renew):
        with pytest.raises(Trouble, match=r"cannot be written: Is a directory") as told:
            work(folder)
        assert str(path) in told.value.chinese


def test_nobody_is_asked_for_a_pass_phrase(folder: Path) -> None:
    """A key behind one is of no use to a service; OpenSSL would ask at the terminal, and wait."""
    path = folder / "alarm.pem"
    key, phrase = load_pem_private_key(path.read_bytes(), None), BestAvailableEncryption(b"phrase")
    closed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, phrase)
    path.write_bytes(closed + path.read_bytes().partition(b"-----END PRIVATE KEY-----\n")[2])
    script = f"""
from pathlib import Path
from backbone.process.current import client_context
from backbone.process.wires import Wires
try:
    client_context(Wires("alarm", Path({str(folder)!r})))
except OSError as error:
    print(error)
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False)
    assert "encrypted" in done.stdout and "pass phrase" not in done.stderr, done


def broken_servers(folder: Path) -> Iterator[bytes]:
    """What may stand in `servers.pem` after a write that went wrong."""
    ca = (folder / "ca.pem").read_bytes()
    yield from (b"", b"nonsense", ca[:300], ca[:-10], ca + ca[:300], ca[:60] + b"!" + ca[61:])


def test_the_servers_authorities_are_told_once_and_remedied(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is renewed for it, no connection begins with a part of the file, and both remedies
    of the sentence help: the file written anew, and the file removed."""
    monkeypatch.setenv("LIANDONG_SECURE", "1")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("LIANDONG_HOME", str(folder.parent))
    installation, servers = Installation.here(Home.here()), folder / "servers.pem"
    good, before = (folder / "ca.pem").read_bytes(), (folder / "alarm.pem").read_bytes()
    for n, broken in enumerate(broken_servers(folder)):
        servers.write_bytes(broken)
        ((fact, remedy),) = wiring.certificates(installation)
        assert fact == "" and remedy.startswith(f"{servers} cannot be read (")
        assert "write the certificates" in remedy and "or remove it" in remedy
        with pytest.raises(Trouble, match=r"servers\.pem cannot be read"):
            installation.protection.prepare(installation.home)
        with pytest.raises(OSError, match=r"servers\.pem cannot be read.*无法读取"):
            client_context(Wires("alarm", folder, password=f"{n}"))  # which keeps none of before
        assert (folder / "alarm.pem").read_bytes() == before
        servers.write_bytes(good)
        assert wiring.certificates(installation)[0][1] == ""
    servers.write_bytes(b"")
    servers.unlink()
    assert wiring.certificates(installation)[0][1] == ""


def test_what_openssl_says_of_our_own_files_is_no_flaw_of_a_server(folder: Path) -> None:
    (folder / "servers.pem").write_bytes((folder / "ca.pem").read_bytes()[:300])
    with pytest.raises(ssl.SSLError) as refused:
        ssl.create_default_context(cafile=folder / "servers.pem")
    flaw = flaw_in(refused.value, "PostgreSQL")
    assert flaw is not None and "`liandong doctor` names it" in flaw.english


def test_what_can_be_read_of_a_broken_ca_stays_trusted(folder: Path, tmp_path: Path) -> None:
    certificates.create(tmp_path / "others")
    theirs = (tmp_path / "others" / "ca.pem").read_text()
    blot(folder)
    with (folder / "ca.pem").open("a") as file:
        file.write(theirs)
    (folder / "petition.pem").write_bytes((tmp_path / "others" / "petition.pem").read_bytes())
    certificates.renew(folder, ["alarm"])
    assert [flaw_of(Wires(name, folder)) for name in IDENTITIES] == [None] * len(IDENTITIES)


def test_the_commands_end_with_1_while_a_file_has_a_flaw(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANDONG_HOME", str(folder.parent))
    monkeypatch.setenv("LIANDONG_SECURE", "1")

    def ends(*words: str) -> int:
        return CliRunner().invoke(certificate_command.app, words).exit_code

    expire(folder)
    said = CliRunner().invoke(certificate_command.app, ["create"])
    assert (said.exit_code, "has every certificate" in said.output) == (1, False)
    assert "expired on" in said.stderr
    assert ends("renew", "petition") == 1, "the one of alarm is still expired"
    assert ends("renew", "alarm") == ends("renew") == ends("create") == 0
    (folder / "authority.pem").unlink()
    empty(folder)
    assert ends("create") == 1, "a host of services, whose authority is elsewhere"


def test_a_server_that_did_not_take_its_files_over_ends_it_with_1(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a new authority that Kafka does not trust has issued nothing."""

    async def refused(*_: object) -> list[str]:
        return ["kafka"]

    async def distrusts(*_: object) -> bool:
        return False

    monkeypatch.setenv("LIANDONG_HOME", str(folder.parent))
    monkeypatch.setenv("LIANDONG_SECURE", "1")
    monkeypatch.setattr(certificate_command, "ALL_HAVE_LOOKED", 0.0)
    monkeypatch.setattr(renewal, "show_renewed", refused)
    said = CliRunner().invoke(certificate_command.app, ["renew"], env={"LC_ALL": "C"})
    assert (said.exit_code, "kafka did not take it over" in said.output) == (1, True)
    monkeypatch.setattr(renewal, "trusts_the_newest", distrusts)
    before = (folder / "alarm.pem").read_text()
    with pytest.raises(Trouble, match="does not trust the new authority"):
        CliRunner().invoke(
            certificate_command.app, ["renew", "--authority"], catch_exceptions=False
        )
    assert (folder / "alarm.pem").read_text() == before
