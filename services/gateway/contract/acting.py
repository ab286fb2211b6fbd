"""The actions of a resource by the names of its paths: `claim` for `POST …/{id}:claim`.

A service says which of its RPCs the caller may call next; here they get the names of the routes,
and those that the caller's role may not call are left out.
"""

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor

from backbone.words.roles import Roles
from services.gateway.contract.fields import field_at, items_of
from services.gateway.contract.writing import only_message
from services.gateway.routes.route import Area, Route

ACTIONS = "actions"

Narrow = Callable[[Any, str], None]


def narrowing(area: Area, route: Route) -> Narrow | None:
    """The function that names the actions in the answers of a route; None where they have none."""
    shown = _resource_of(area.method_of(route).output_type)
    if route.returns is not None or shown is None or ACTIONS not in shown.fields_by_name:
        return None
    verbs = verbs_of(area, shown)

    def narrow(answer: Any, role: str) -> None:
        for each in answer.get("items", (answer,)):
            asked = (verbs[rpc] for rpc in each[ACTIONS] if rpc in verbs)
            each[ACTIONS] = [verb for verb, roles in asked if role in roles]

    return narrow


def verbs_of(area: Area, resource: Descriptor) -> Mapping[str, tuple[str, Roles]]:
    """The verbs on the path of one such resource: name and roles by RPC."""
    ones = {
        route.path
        for route in area.routes
        if route.method == "GET"
        and route.path.endswith("}")
        and _resource_of(area.method_of(route).output_type) is resource
    }
    return {
        route.rpc: (verb, route.roles)
        for route in area.routes
        for one, _, verb in [route.path.rpartition(":")]
        if route.is_write and one in ones
    }


def _resource_of(response: Descriptor) -> Descriptor | None:
    items = items_of(response)
    if items is not None:
        return items.message_type
    name = only_message(response)
    return field_at(response, name).message_type if name else None
