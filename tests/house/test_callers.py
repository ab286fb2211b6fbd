"""callers.yaml says who calls what: no less than the code does, and no more."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from backbone.rpc.peers import declared, may_call
from services.gateway.live import terminal
from services.gateway.routes import AREAS
from tests.house.sources import TOP, shown, sources, tree_of

INTAKE = TOP / "libs/backbone/intake"


def methods() -> set[str]:
    """Every method of every contract, as Service/Method."""
    found = set()
    for path in (TOP / "protos").rglob("*_service.proto"):
        area, version = path.parent.parent.name, path.parent.name
        module = importlib.import_module(f"liandong.{area}.{version}.{path.stem}_pb2")
        for service in module.DESCRIPTOR.services_by_name.values():
            found |= {f"{service.name}/{method.name}" for method in service.methods}
    return found


def routed() -> set[str]:
    own = {f"{each.containing_service.name}/{each.name}" for each in OF_TERMINALS}
    return {f"{area.contract.name}/{route.rpc}" for area in AREAS for route in area.routes} | own


OF_TERMINALS = (terminal.SUBSCRIBE, terminal.CALLER)


def called() -> Iterator[tuple[str, str, str]]:
    """Caller, Service/Method and place of each call in the code of a service."""
    for path in sources():
        service = path.relative_to(TOP).parts[1] if "services" in path.parts else ""
        if not service or service == "gateway":
            continue
        yield from ((service, method, shown(path)) for method in calls_in(path))
        for helper in imported(path):
            yield from ((service, method, shown(path)) for method in calls_in(helper))


def imported(path: Path) -> Iterator[Path]:
    """The modules of the intake from which a service imports a class that calls."""
    for node in tree_of(path).body:
        module = getattr(node, "module", None) or ""
        if isinstance(node, ast.ImportFrom) and module.startswith("backbone.intake."):
            helper = INTAKE / f"{module.rpartition('.')[2]}.py"
            classes = {each.name for each in tree_of(helper).body if isinstance(each, ast.ClassDef)}
            if classes & {each.name for each in node.names}:
                yield helper


def calls_in(path: Path) -> Iterator[str]:
    """The methods that a module calls on its stubs; a method chosen by its request counts."""
    stubs = [n.attr for n in ast.walk(tree_of(path)) if isinstance(n, ast.Attribute)]
    services = {name.removesuffix("Stub") for name in stubs if name.endswith("ServiceStub")}
    known = {
        each.partition("/")[2]: each for each in methods() if each.partition("/")[0] in services
    }
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Attribute) and node.attr in known:
            yield known[node.attr]
    if "getattr(self._stub" in path.read_text():
        requests = {each.removesuffix("Request") for each in stubs if each.endswith("Request")}
        yield from (known[name] for name in requests & known.keys())


def test_every_call_in_the_code_is_allowed() -> None:
    found = list(called())
    assert {service for service, _, _ in found} >= {"alarm", "petition", "dispute", "population"}
    assert [each for each in found if not may_call(each[0], f"/x.v1.{each[1]}")] == []


def test_the_gateway_may_call_what_it_has_routes_for_and_nothing_else() -> None:
    may = {each for each in methods() if may_call("gateway", f"/x.v1.{each}")}
    assert may - {"CallsService/ShareStream"} == routed()


def test_each_declared_method_exists_and_each_of_its_callers_calls_it() -> None:
    services, named = declared()
    assert set(named) <= methods()
    assert {each.partition("/")[0] for each in methods()} - {"CallsService"} == set(services)
    calls = {(service, method) for service, method, _ in called()}
    calls |= {("gateway", method) for method in routed()}
    dynamic = {"IncidentService/AmendMatter", "IncidentService/LinkCaller"}
    dynamic |= {"IncidentService/UnlinkCaller"}  # asked for by the request's own name
    dynamic |= {"HearingService/HearIncident", "HearingService/HearReceipt"}  # the same
    idle = {
        (service, method)
        for method, allowed in named.items()
        for service in allowed
        if service != "operate" and method not in dynamic and (service, method) not in calls
    }
    assert idle == set()


def test_a_caller_without_a_name_may_call_nothing() -> None:
    assert not [each for each in methods() if may_call("", f"/x.v1.{each}")]


def test_no_client_or_server_goes_its_own_way_in_the_open() -> None:
    """Every gRPC channel, Kafka client and port is opened where the wires are minded."""
    minded = {
        "insecure_channel": {"libs/backbone/rpc/channels.py"},
        "add_insecure_port": {"libs/backbone/rpc/server.py"},
        "bootstrap_servers": {"libs/backbone/kafka/connecting.py"},
    }
    for word, places in minded.items():
        assert {shown(path) for path in sources() if word in path.read_text()} == places
