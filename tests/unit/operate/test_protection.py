"""Certificates are made, renewed or refused before anything is started."""

from pathlib import Path

import pytest

from backbone.process.certificates import flaw_of
from backbone.process.wires import Wires
from operate.home import certificates
from operate.home.certificates import IDENTITIES, Authority
from operate.home.home import Home
from operate.home.keys import Keys
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.run.protection import Protection, default_folder, protection_of


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("LIANDONG_SECURE", "LIANDONG_CERTIFICATES", "KAFKA_ADMIN_USER", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return Home(tmp_path, Ports())


def test_an_open_city_makes_none(home: Home) -> None:
    protection = protection_of(home, {"database_url": "", "kafka_bootstrap": ""})
    protection.prepare(home)
    assert not protection.secure and not default_folder(home).exists()
    assert protection.told(Keys(b"k"), ["alarm"]) == {"LIANDONG_SECURE": "0"}


def test_one_server_of_one_s_own_makes_a_protected_city(home: Home) -> None:
    protection = protection_of(home, {"database_url": "", "kafka_bootstrap": "k:9092"})
    protection.prepare(home)
    assert [flaw_of(Wires(name, default_folder(home))) for name in IDENTITIES if name] == [
        None
    ] * len(IDENTITIES)
    told = protection.told(Keys(b"k"), ["workflow-stream"])
    assert set(told) == {
        "LIANDONG_SECURE",
        "LIANDONG_CERTIFICATES",
        "LIANDONG_WORKFLOW_STREAM_KAFKA_PASSWORD",
    }
    assert Protection.remembered(protection.to_remember()) == protection


def test_what_has_expired_is_renewed_where_the_authority_is_and_told_elsewhere(home: Home) -> None:
    folder = default_folder(home)
    protection = Protection(True, folder)
    protection.prepare(home)
    Authority(folder).issue("alarm", days=-1)
    protection.prepare(home)
    assert flaw_of(Wires("alarm", folder)) is None

    Authority(folder).issue("alarm", days=-1)
    (folder / certificates.AUTHORITY).unlink()
    with pytest.raises(Trouble, match="certificate of alarm expired on"):
        protection.prepare(home)


def test_a_folder_that_is_named_is_not_filled(home: Home, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    with pytest.raises(Trouble, match="cannot be read"):
        Protection(True, elsewhere).prepare(home)
    assert not elsewhere.exists()
