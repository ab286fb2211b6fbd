"""The settings that one service alone reads, as the service itself declares them."""

import importlib
from dataclasses import Field, fields
from typing import Any

# The unit of a setting, by the end of its name.
RATES = {"rate": "requests a second", "burst": "requests at once"}
TIMES = ("seconds", "minutes", "hours", "days")
MEANT = {
    "trusted_proxies": "proxies that are believed: addresses and networks, with commas between",
    "proxy_header": "the header in which they name the client: X-Forwarded-For, or Forwarded",
    "known_networks": "networks of control rooms, known for everybody: with commas between",
    "wrong_free": "wrong passwords of one name from one address, before delays begin",
    "wrong_of_name_free": "the same, of one name from addresses where it has not signed in",
    "wrong_of_address_free": "the same, of all names from one address",
    "drain_seconds": "seconds for which it leads connections to other gateways before it stops",
    "head_bytes": "bytes of the head of one request, at most",
    "head_count": "headers of one request, at most",
    "connections": "connections, at most",
    "connections_per_address": "connections of one address, at most",
    "streams_per_principal": "event streams of one person or key, at most",
    "changes_kept": "changes kept for readers that come back",
}
# Of the client of the OpenID Connect provider.
PROVIDER = {
    "issuer": "the OpenID Connect provider, if there is one (docs/accounts.md): https://…",
    "client_id": "the gateway's name there",
    "redirect": "the public address of /v1/sign-in/oidc/callback",
    "secret": "the gateway's secret there",
    "claim": "the claim with the user name, preferred_username by default",
    "scope": "what is asked for, 'openid profile' by default",
}


def of_gateway() -> dict[str, str]:
    settings = importlib.import_module("services.gateway.settings")
    client = importlib.import_module("services.gateway.accounts.oidc_client")
    told = {f"{client.PREFIX}{n.upper()}": PROVIDER[n] for n in names(client.Client)}
    return limits(settings.PREFIX, settings.GatewaySettings) | told


def of_petition() -> dict[str, str]:
    tracking = importlib.import_module("services.petition.tracking")
    return limits(tracking.PREFIX, tracking.Limits)


def limits(prefix: str, kind: type) -> dict[str, str]:
    return {f"{prefix}{each.name.upper()}": means(each) for each in fields(kind)}


def means(setting: "Field[Any]") -> str:
    """What it says of itself: its words, its unit, its default."""
    first, _, last = setting.name.rpartition("_")
    words = (first if last in TIMES else setting.name).replace("_", " ")
    unit = RATES.get(last) or (f"in {last}" if last in TIMES else "")
    told = MEANT.get(setting.name) or ", ".join(filter(None, (words, unit)))
    default = setting.default
    shown = f"{default:g}" if isinstance(default, float) else f"{default}"
    return f"{told}; {shown} by default" if shown else told


def names(kind: type) -> list[str]:
    return [each.name for each in fields(kind)]
