"""The gateway's own settings: limits and lifetimes, read from the process environment."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from backbone.process.settings import SettingsError

PREFIX = "LIANDONG_GATEWAY_"


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Each is set by `LIANDONG_GATEWAY_<NAME>`; rates are requests per second, bursts requests."""

    person_rate: float = 30.0
    person_burst: float = 120.0
    key_rate: float = 200.0
    key_burst: float = 600.0
    # By address: signing in, and citizens who track a petition by code and PIN.
    sign_in_rate: float = 5.0
    sign_in_burst: float = 120.0
    public_rate: float = 1.0
    public_burst: float = 20.0
    # Against guessing; only wrong passwords count. By user name and address, so that an attacker at
    # another address does not lock the user out; and by user name alone, against an attacker with
    # many addresses.
    wrong_password_rate: float = 0.1
    wrong_password_burst: float = 10.0
    guessed_person_rate: float = 1.0
    guessed_person_burst: float = 100.0
    session_hours: float = 12.0
    streams_per_principal: float = 8.0
    heartbeat_seconds: float = 10.0
    # A stream whose reader takes nothing for this long is cut off; the reader may resume.
    slow_reader_seconds: float = 15.0
    # The streams of an ended session end within this time, plus the few seconds that another
    # gateway caches the session (auth.py).
    session_check_seconds: float = 30.0
    changes_kept: float = 8_192.0


def read_gateway_settings(environ: Mapping[str, str]) -> GatewaySettings:
    """Raises SettingsError with the names of all malformed settings."""
    given: dict[str, float] = {}
    flaws: list[str] = []
    for setting in fields(GatewaySettings):
        variable = f"{PREFIX}{setting.name.upper()}"
        try:
            if variable in environ:
                given[setting.name] = float(environ[variable])
        except ValueError:
            flaws.append(f"{variable} is not a number: {environ[variable]!r}")
    flaws += [f"{PREFIX}{name.upper()} is not above 0" for name, n in given.items() if not n > 0]
    if flaws:
        raise SettingsError("gateway cannot start: " + "; ".join(flaws))
    return GatewaySettings(**given)
