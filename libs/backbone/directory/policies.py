"""The policy of a city as an entry of the directory."""

from dataclasses import MISSING, fields
from typing import Any

from backbone.directory.flat import plain, value
from backbone.words.policy import Policy, Route
from liandong.directory.v1 import directory_pb2 as wire

# The tables among the fields of a policy; an older directory sends the later ones empty.
TABLES = (
    "sign_in_minutes",
    "supervision_answer",
    "urge_pause_minutes",
    "arrival_minutes",
    "feedback_minutes",
    "care_retention_years",
    "team_minutes",
)
# Lists of roles; an older directory sends none, and an empty one is no list.
ROLES = ("supervision_answerers", "dispute_call_back")


def policy_message(policy: Policy) -> wire.Policy:
    routes = [
        wire.Route(**plain(route) | {"target": f"TARGET_{route.target}"}) for route in policy.routes
    ]
    return wire.Policy(**plain(policy) | {"routes": routes})


def to_policy(message: wire.Policy) -> Policy:
    # A table without default is never left out, though it may be empty.
    tables: dict[str, Any] = {
        name: dict(table)
        for name in TABLES
        if (table := getattr(message, name)) or name == "sign_in_minutes"
    }
    lists: dict[str, Any] = {
        name: tuple(roles) for name in ROLES if (roles := getattr(message, name))
    }
    numbers = {
        each.name: number
        for each in fields(Policy)
        if each.name not in {"repush_seconds", "routes", "caller_in_order", *ROLES, *TABLES}
        # An older directory does not send the later figures: their defaults serve.
        if (number := getattr(message, each.name)) or each.default is MISSING
    }
    return Policy(
        **tables,
        repush_seconds=tuple(message.repush_seconds),
        caller_in_order=tuple(message.caller_in_order),
        **lists,
        routes=tuple(_route(route) for route in message.routes),
        **numbers,
    )


def _route(message: wire.Route) -> Route:
    target = wire.Route.Target.Name(message.target).removeprefix("TARGET_")
    others = {
        each.name: value(each.name, getattr(message, each.name))
        for each in fields(Route)
        if each.name != "target"
    }
    return Route(target=target, **others)
