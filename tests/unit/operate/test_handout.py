"""What `make environment` writes: each service can start from its file, and from nothing else."""

from pathlib import Path

import pytest
import yaml

from backbone.process.settings import KEEPS_TEXTS, PORTS, TEXTS, SettingsError, read_settings
from operate.home.home import Home
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.run.handout import hand_out, lines
from operate.run.installation import Installation, keys_of
from operate.run.protection import Protection

DATABASE = "postgresql://liandong:word@postgres.city.example:5432/liandong"
BROKERS = "k1.city.example:9093,k2.city.example:9093"
COMPOSE = Path(__file__).parents[3] / "deploy" / "compose.yaml"


def installation(tmp_path: Path, secure: bool) -> Installation:
    home = Home(tmp_path / "home", Ports())
    protection = Protection(secure, tmp_path / "own certificates") if secure else Protection()
    return Installation(home, keys_of(home), False, DATABASE, BROKERS, protection)


def read(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def place_with_certificates(tmp_path: Path) -> Path:
    place = tmp_path / "elsewhere"
    (place / "certificates").mkdir(parents=True)
    for name in ("ca", *PORTS):
        (place / "certificates" / f"{name}.pem").touch()
    return place


@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("name", PORTS)
def test_a_service_starts_from_its_file_alone(tmp_path: Path, name: str, secure: bool) -> None:
    place = place_with_certificates(tmp_path)
    hand_out(installation(tmp_path, secure), place, place)

    told = read(place / f"{name}.env")
    settings = read_settings(name, told)

    assert str(settings.brokers) == BROKERS
    assert (settings.wires is not None) is secure
    assert "@postgres.city.example:5432/liandong" in settings.database_url
    assert not [value for value in told.values() if "own" in value and "certificates" in value]


def test_a_file_holds_the_keys_of_its_own_service_only(tmp_path: Path) -> None:
    hand_out(installation(tmp_path, True), tmp_path, Path("/etc/liandong"))
    for name in PORTS:
        told = read(tmp_path / f"{name}.env")
        mine = name.partition("-")[0].upper()
        of_services = {n for n in told if n.endswith(("_KEY", "_DATABASE_URL", "_PASSWORD"))}
        assert of_services
        of_texts = {TEXTS} if name in KEEPS_TEXTS else set()
        assert {
            each for each in of_services if not each.startswith(f"LIANDONG_{mine}_")
        } == of_texts
        assert (tmp_path / f"{name}.env").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", PORTS)
def test_a_service_of_compose_finds_every_other(tmp_path: Path, name: str) -> None:
    hand_out(installation(tmp_path, False), tmp_path, tmp_path)
    service = yaml.safe_load(COMPOSE.read_text())["services"][name]
    told = read(tmp_path / f"{name}.env") | service["environment"]

    settings = read_settings(name, told)

    for other, (port, _) in PORTS.items():
        if other not in ("gateway", "workflow-stream"):
            assert settings.address_of(other) == f"{other}:{8600 + port}"
    assert settings.host == "0.0.0.0"  # noqa: S104 - a container's own network


def test_a_service_without_its_certificates_does_not_start(tmp_path: Path) -> None:
    hand_out(installation(tmp_path, True), tmp_path, tmp_path)
    told = read(tmp_path / "alarm.env")
    with pytest.raises(SettingsError, match=r"alarm\.pem cannot be read"):
        read_settings("alarm", told)


@pytest.mark.parametrize("odd", ['a"b', "a'b", "a b", "a\nB=c", "a\\b", "a$b"])
def test_what_the_readers_would_read_differently_is_refused(odd: str) -> None:
    with pytest.raises(Trouble, match="NAME"):
        lines({"OTHER": "fine", "NAME": odd})
