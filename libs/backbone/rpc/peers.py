"""Which service calls, by its certificate, and which methods it may call: callers.yaml."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from backbone.process.wires import DOMAIN
from backbone.words.errors import Denied

DECLARED = Path(__file__).parent / "callers.yaml"
OPEN = "CallsService"  # carries calls, each of which is judged by itself


def peer_of(context: Any) -> str:
    """The service that the caller's certificate names, empty if it names none of ours."""
    names = context.auth_context().get("x509_subject_alternative_name", ())
    ours = (name.decode() for name in names if name.endswith(DOMAIN.encode()))
    return next(ours, "").removesuffix(DOMAIN)


def require_right(peer: str, path: str) -> None:
    """Raises Denied if the service may not call the method, such as /liandong.x.v1.Service/Do."""
    if not may_call(peer, path):
        raise Denied("NOT_YOUR_METHOD", service=peer or "unknown", method=path)


@cache
def may_call(peer: str, path: str) -> bool:
    """Methods that are named belong to those that are named with them alone."""
    services, methods = declared()
    service, _, name = path.rpartition(".")[2].partition("/")
    if service == OPEN:
        return bool(peer)
    named = methods.get(f"{service}/{name}")
    return peer in named if named is not None else peer in services.get(service, ())


@cache
def declared() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The callers of whole services, and of single methods."""
    document: dict[str, Any] = yaml.safe_load(DECLARED.read_text())
    return document["services"], document["methods"]
