"""The gateway as a client of an OpenID Connect provider, read from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from backbone.process.settings import SettingsError

PREFIX = "LIANDONG_OIDC_"
NEEDED = ("ISSUER", "CLIENT_ID", "REDIRECT")
LONGEST_CAUSE = 100
LOCAL = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Client:
    """The gateway as the provider knows it; `claim` holds the user name of an account."""

    issuer: str
    client_id: str
    redirect: str
    secret: str = field(default="", repr=False)
    claim: str = "preferred_username"
    scope: str = "openid profile"


def read_client(environ: Mapping[str, str]) -> Client | None:
    """From `LIANDONG_OIDC_…`; None without any of them. Raises SettingsError."""
    names = (*NEEDED, "SECRET", "CLAIM", "SCOPE")
    given = {name: environ.get(f"{PREFIX}{name}", "") for name in names}
    if not any(given.values()):
        return None
    if missing := [f"{PREFIX}{name}" for name in NEEDED if not given[name]]:
        raise SettingsError(f"gateway cannot start: not set: {', '.join(missing)}")
    for name in ("ISSUER", "REDIRECT"):
        if not is_safe(given[name]):
            raise SettingsError(f"{PREFIX}{name} must begin with https://: {given[name]}")
    return Client(**{name.lower(): value for name, value in given.items() if value})


def is_safe(url: str) -> bool:
    """Whether it is an address that cannot be read on the way: https, or this machine itself."""
    if not (url.isascii() and url.isprintable()) or " " in url:
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL)


def cause_of(told: object) -> str:
    """The provider's words about a refusal, cut, and without control characters."""
    return "".join(each if each.isprintable() else "?" for each in str(told)[:LONGEST_CAUSE])
