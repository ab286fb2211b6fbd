"""The settings of the wires: protected unless the environment says otherwise."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from backbone.kafka.connecting import connection
from backbone.process.current import Current, client_context, trusting
from backbone.process.settings import SettingsError, read_settings
from backbone.process.wires import Protected, Wires, is_secure
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


def test_a_connection_that_begins_uses_the_files_of_that_moment(tmp_path: Path) -> None:
    """An authority that was taken out is forgotten, in every process and without a restart."""
    certificates.create(tmp_path)
    wires = Wires("alarm", tmp_path)
    contexts = client_context(wires), trusting(tmp_path / "ca.pem")
    before = [begun(context) for context in contexts]
    certificates.make_authority(tmp_path)
    certificates.renew(tmp_path)
    certificates.distrust_all_before(tmp_path)
    assert client_context(wires) is contexts[0], "what has it keeps it"
    now = [begun(context) for context in contexts]
    assert now[0] == now[1] != before[0] == before[1]
    assert contexts[0].check_hostname


def test_files_with_a_flaw_are_not_used(tmp_path: Path) -> None:
    certificates.create(tmp_path / "ours")
    certificates.create(tmp_path / "others")
    wires = Wires("alarm", tmp_path / "ours")
    context = client_context(wires)
    before, good = begun(context), wires.ca.read_bytes()
    for flaw in ((tmp_path / "others" / "ca.pem").read_bytes(), b"no certificate"):
        wires.ca.write_bytes(flaw)
        assert begun(context) == before
    wires.ca.write_bytes(good)
    certificates.renew(wires.folder)
    used = context.inner
    assert begun(context) == before, "the same authority"
    assert context.inner is not used, "and another certificate"


def begun(context: Current) -> list[Any]:
    """The authorities that a connection that begins now trusts."""
    used = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")
    return used.context.get_ca_certs()
