"""The gateway's own settings: what is malformed is named before anything starts."""

from pathlib import Path

import pytest

from backbone.process.settings import SettingsError
from operate.home import certificates
from services.gateway.settings import read_gateway_settings


def test_the_city_s_own_certificate_is_tried_before_the_start(tmp_path: Path) -> None:
    certificates.create(tmp_path)
    good, bad = tmp_path / "gateway.pem", tmp_path / "ca.pem"  # the latter has no private key
    read_gateway_settings({"LIANDONG_GATEWAY_CERTIFICATE": str(good)})
    for path in (bad, tmp_path / "nowhere.pem"):
        with pytest.raises(SettingsError, match="LIANDONG_GATEWAY_CERTIFICATE is no file"):
            read_gateway_settings({"LIANDONG_GATEWAY_CERTIFICATE": str(path)})


def test_every_malformed_number_is_named() -> None:
    given = {"LIANDONG_GATEWAY_KEY_RATE": "many", "LIANDONG_GATEWAY_SESSION_HOURS": "0"}
    with pytest.raises(SettingsError) as caught:
        read_gateway_settings(given)
    assert "KEY_RATE is not a number" in str(caught.value)
    assert "SESSION_HOURS is not above 0" in str(caught.value)
