"""The settings of the wires: protected unless the environment says otherwise."""

from pathlib import Path

import pytest

from backbone.kafka.connecting import connection
from backbone.process.settings import SettingsError, read_settings
from backbone.process.wires import Protected, Wires, client_context, is_secure, refresh
from operate.home import certificates
from tests.unit.backbone.test_small_parts import ENVIRON

BY_HAND = {name: value for name, value in ENVIRON.items() if name != "LIANDONG_SECURE"}


@pytest.mark.parametrize(("said", "secure"), [("1", True), (" YES", True), ("0", False)])
def test_the_setting_wins_over_the_default(said: str, secure: bool) -> None:
    assert is_secure({"LIANDONG_SECURE": said}, default=not secure) is secure


def test_without_the_setting_the_default_holds() -> None:
    assert (is_secure({}, default=True), is_secure({}, default=False)) == (True, False)


def test_a_service_that_is_started_by_hand_is_protected() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings("alarm", BY_HAND)
    assert "LIANDONG_CERTIFICATES is missing" in str(caught.value)
    assert "LIANDONG_ALARM_KAFKA_PASSWORD is missing" in str(caught.value)
    with pytest.raises(SettingsError, match="neither 1 nor 0: 'maybe'"):
        read_settings("alarm", BY_HAND | {"LIANDONG_SECURE": "Maybe"})


def test_kafka_is_reached_over_tls_with_a_name_and_a_password(tmp_path: Path) -> None:
    certificates.create(tmp_path)
    environ = BY_HAND | {
        "LIANDONG_CERTIFICATES": str(tmp_path),
        "LIANDONG_ALARM_KAFKA_PASSWORD": "s3cret",
    }
    settings = read_settings("alarm", environ)
    assert isinstance(settings.brokers, Protected)
    told = connection(settings.brokers)
    assert told["bootstrap_servers"] == "k:9092"
    assert (told["security_protocol"], told["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (told["sasl_plain_username"], told["sasl_plain_password"]) == (
        "liandong-alarm",
        "s3cret",
    )
    assert told["ssl_context"].check_hostname
    assert "s3cret" not in repr(settings)


def test_an_authority_that_was_taken_out_is_forgotten_without_a_restart(tmp_path: Path) -> None:
    """A context of Python's can learn an authority; ours begins each connection anew."""
    certificates.create(tmp_path)
    wires = Wires("alarm", tmp_path)
    context = client_context(wires)
    before = context.inner.get_ca_certs()
    certificates.make_authority(tmp_path)
    certificates.renew(tmp_path)
    certificates.distrust_all_before(tmp_path)
    refresh(wires)
    assert client_context(wires) is context, "what has it keeps it"
    [now] = context.inner.get_ca_certs()
    assert now not in before and context.check_hostname
