"""The gateway's own settings: limits and lifetimes, read from the process environment."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isnan, nan
from pathlib import Path
from typing import Any

from backbone.process.current import load_own
from backbone.process.settings import SettingsError
from backbone.words.roles import Roles, roles
from services.gateway.http.addresses import Networks
from services.gateway.http.forwarded import FORWARDED, X_FORWARDED_FOR

PREFIX = "LIANDONG_GATEWAY_"
# The city's own certificate for people's browsers: private key and chain, in one PEM file.
CERTIFICATE = "LIANDONG_GATEWAY_CERTIFICATE"


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Each is set by `LIANDONG_GATEWAY_<NAME>`; rates are requests per second, bursts requests.

    Networks are addresses and networks, separated by commas.
    """

    person_rate: float = 30.0
    person_burst: float = 120.0
    key_rate: float = 200.0
    key_burst: float = 600.0
    # By address: signing in, and citizens who track a petition by code and PIN.
    sign_in_rate: float = 5.0
    sign_in_burst: float = 120.0
    public_rate: float = 1.0
    public_burst: float = 20.0
    # Against guessing passwords: so many wrong ones are free, of one name from one address, of one
    # name from all addresses where that person has not signed in before, and of all names from one
    # address. Each further one doubles the delay, from the first to the longest; where the person
    # has signed in before only the first count holds, and its delay stays short.
    wrong_free: float = 5.0
    wrong_of_name_free: float = 20.0
    wrong_of_address_free: float = 30.0
    first_delay_seconds: float = 1.0
    longest_delay_seconds: float = 900.0
    longest_delay_at_home_seconds: float = 30.0
    wrong_kept_hours: float = 24.0
    known_address_days: float = 90.0
    # Networks that count as known for everybody: those of control rooms.
    known_networks: str = ""
    # Proxies that are believed, by default none; and the header in which they name the client:
    # `X-Forwarded-For` (with `X-Forwarded-Proto`), or `Forwarded` (RFC 7239).
    trusted_proxies: str = ""
    proxy_header: str = X_FORWARDED_FOR
    # The front door: of one request's head its bytes and headers; seconds for the head, for the
    # body, and for a reader that takes nothing; connections of all, and of one address.
    head_bytes: float = 32_768.0
    head_count: float = 100.0
    head_seconds: float = 10.0
    body_seconds: float = 40.0
    connections: float = 8_192.0
    connections_per_address: float = 600.0
    session_hours: float = 12.0
    streams_per_principal: float = 8.0
    heartbeat_seconds: float = 10.0
    # A reader that takes nothing for this long is cut off; the reader of a stream may resume.
    slow_reader_seconds: float = 15.0
    # The streams of a session whose time is over end within this time, plus the few seconds that a
    # gateway knows it without asking (auth.py). What ends earlier is noticed at once (rights.py).
    session_check_seconds: float = 30.0
    changes_kept: float = 8_192.0
    # One of several gateways leads its connections to the others for so long before it stops.
    drain_seconds: float = 0.0


def read_required_second_factors(environ: Mapping[str, str]) -> Roles:
    """The roles that sign in with a second factor only, from `LIANDONG_GATEWAY_SECOND_FACTOR`:
    codes with commas between them. Raises SettingsError for an unknown one."""
    given = environ.get(f"{PREFIX}SECOND_FACTOR", "")
    try:
        return roles(*(code.strip() for code in given.split(",") if code.strip()))
    except ValueError as error:
        raise SettingsError(f"{PREFIX}SECOND_FACTOR: {error}") from error


def read_gateway_settings(environ: Mapping[str, str]) -> GatewaySettings:
    """Raises SettingsError with the names of all malformed settings."""
    given: dict[str, Any] = {}
    flaws: list[str] = []
    for setting in fields(GatewaySettings):
        variable = f"{PREFIX}{setting.name.upper()}"
        if variable in environ:
            is_text = isinstance(setting.default, str)
            given[setting.name] = environ[variable] if is_text else _number(environ[variable])
            wrong = _wrong_networks if is_text else _wrong_number
            wrong = _wrong_header if setting.name == "proxy_header" else wrong
            flaws += [f"{variable} {flaw}" for flaw in wrong(environ[variable])]
    flaws += _flaws_of_certificate(environ.get(CERTIFICATE, ""))
    if flaws:
        raise SettingsError("gateway cannot start: " + "; ".join(flaws))
    return GatewaySettings(**given)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan


def _wrong_number(text: str) -> list[str]:
    number = _number(text)
    if isnan(number):
        return [f"is not a number: {text!r}"]
    return [] if number > 0 else ["is not above 0"]


def _wrong_networks(text: str) -> list[str]:
    try:
        Networks(text)
    except ValueError as error:
        return [f"is no list of networks: {error}"]
    return []


def _wrong_header(text: str) -> list[str]:
    known = (X_FORWARDED_FOR, FORWARDED)
    return [] if text in known else [f"is neither {known[0]} nor {known[1]}: {text!r}"]


def _flaws_of_certificate(path: str) -> list[str]:
    if not path:
        return []
    try:
        load_own(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), Path(path))
    except OSError as error:  # an SSLError is one
        return [f"{CERTIFICATE} is no file with a private key and its certificate: {error}"]
    return []
