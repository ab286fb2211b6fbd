"""Each fault that doctor, status and /readyz know has a test in which its remedy is tried.

A new finding, or a new reason of readiness, is refused until it is named here.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.house.sources import TOP, sources, tree_of

CITY = "tests/end_to_end/operate/test_doctor.py::test_what_the_doctor_advises_mends_each_fault"
LOCAL = "tests/end_to_end/operate/test_local_run.py"
SECURE = "tests/end_to_end/secure/test_secure_city.py"
ELSEWHERE = "tests/unit/operate/test_files_elsewhere.py"
MACHINE = "tests/functional/operate/test_doctor_of_a_machine.py"
FAULTS, QUIET = "tests/faults/injected.py", "tests/faults/quiet.py"
FROZEN = (
    "tests/end_to_end/operate/test_doctor.py::"
    "test_a_frozen_supervisor_goes_on_or_is_replaced_and_what_froze_meanwhile_starts_anew"
)
EXPIRED = f"{SECURE}::test_an_expired_certificate_is_told_everywhere_and_mended_in_place"
CLOCKS = (
    "tests/end_to_end/operate/test_doctor.py::"
    "test_the_clock_of_the_commands_machine_is_told_until_it_is_set"
)
# What doctor looks at, by the first column of its table.
DOCTOR = {
    "machine": (f"{MACHINE}::test_little_memory_is_told_until_there_is_more",),
    "disk": (f"{MACHINE}::test_a_small_disk_has_room_again_once_some_was_made",),
    "home": (f"{MACHINE}::test_a_home_that_cannot_be_written_is_another_one_s",),
    "PostgreSQL": (f"{MACHINE}::test_postgres_that_may_not_run_here_is_named_by_its_address",),
    "running": (
        f"{MACHINE}::test_what_an_earlier_run_has_left_is_ended",
        f"{LOCAL}::test_what_runs_without_its_supervisor_is_adopted_without_an_outage",
    ),
    "settings": (f"{MACHINE}::test_a_setting_is_corrected",),
    "sign-in provider": (f"{MACHINE}::test_a_sign_in_provider_that_is_away_or_late_is_named",),
    "secret": (CITY,),
    "certificates": (
        f"{MACHINE}::test_certificates_are_closed_and_renewed_as_is_advised",
        EXPIRED,
    ),
    "supervisor": (FROZEN,),
    "name in processes": (
        CITY,  # one that is held down
        FROZEN,  # one that does not answer
        f"{LOCAL}::test_what_doctor_advises_for_a_stopped_consumer_lets_it_go_on",
        f"{FAULTS}::NO_KAFKA",
        f"{FAULTS}::FULL_DISK",
    ),
    "fsync": (CITY,),
    "clocks": (CLOCKS,),
    "evidence": (CITY,),
    "forged": (CITY,),
    "topics": (
        CITY,  # other settings, an undeclared one
        "tests/integration/operate/test_topics.py::test_what_doctor_advises_mends_each_difference",
        "tests/faults/brokers.py::one_lost",
    ),
    "dead letters": (CITY,),
    "refused follow-ups": (CITY,),
    "rights at Kafka": (
        f"{SECURE}::test_rights_at_kafka_are_mended_as_the_doctor_advises",
        "tests/integration/operate/test_kafka_identities.py::"
        "test_a_broker_that_keeps_connections_for_ever_is_named_until_it_is_set",
    ),
    # A check that a server does not answer.
    "what in careful": (
        f"{MACHINE}::test_a_port_is_freed_or_another_one_is_chosen",
        "tests/end_to_end/operate/test_doctor.py::"
        "test_that_nothing_waits_is_said_only_when_all_have_answered",
    ),
}
# Reasons of readiness, by module and part.
READINESS = {
    "supervised: supervisor": (
        f"{LOCAL}::test_what_runs_without_its_supervisor_is_adopted_without_an_outage",
    ),
    "months: months": (f"{QUIET}::MONTH",),
    "retention: retention": (f"{QUIET}::SWEEP",),
    "timers: self.name": (f"{QUIET}::LATE",),
    "standing: unsent": (f"{FAULTS}::NO_KAFKA",),
    "standing: consumer": (
        f"{LOCAL}::test_what_doctor_advises_for_a_stopped_consumer_lets_it_go_on",
    ),
    "standing: parked": (CITY,),
    "standing: clock": (f"{FAULTS}::CLOCK",),
    "standing: database": (f"{FAULTS}::NO_POSTGRES",),
    "rights: database": (f"{FAULTS}::NO_POSTGRES",),
    "lag: lag": (f"{QUIET}::LAGS",),
    "untold: LOOP": (f"{QUIET}::UNTOLD",),
    "holding: pack": (f"{QUIET}::REFUSED_PACK",),
    "wires: PART": (EXPIRED,),
    "data_keys: lost keys": (
        "tests/unit/backbone/test_data_keys.py::"
        "test_a_key_that_is_gone_is_told_until_its_row_is_restored",
    ),
    "anchor: anchors elsewhere": (
        f"{ELSEWHERE}::"
        "test_anchors_that_cannot_be_written_are_told_at_the_start_and_until_they_can",
    ),
    "destroying: forgotten": (
        f"{ELSEWHERE}::test_destroyed_keys_that_cannot_be_listed_are_told_until_they_can",
    ),
    "browser_certificate: PART": (
        "tests/unit/gateway/test_browser_certificate.py::test_an_expired_one_is_told_until_another_one_is_written",
    ),
    "replica: PART": (
        "tests/integration/backbone/test_replica.py::test_a_pack_is_seen_whole_or_not_at_all",
    ),
}
# They end by themselves: a process starts, or stops.
PASSING = {"shell: database", "shell: server", "parting: server", "holding: city"}
ADMIN = TOP / "libs/operate/admin"


def test_each_finding_of_the_doctor_has_a_remedy_that_is_tried() -> None:
    assert set(findings()) == DOCTOR.keys()


def test_each_reason_of_readiness_has_a_remedy_that_is_tried() -> None:
    assert set(reasons()) == READINESS.keys() | PASSING


def test_the_tests_that_are_named_exist() -> None:
    named = {each for table in (DOCTOR, READINESS) for tried in table.values() for each in tried}
    assert {
        each for each in named if each.partition("::")[2] not in names_in(path_of(each))
    } == set()


def path_of(named: str) -> Path:
    return TOP / named.partition("::")[0]


@cache
def names_in(path: Path) -> set[str]:
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        if isinstance(node, ast.Assign):
            found |= {ast.unparse(each) for each in node.targets}
    return found


def findings() -> Iterator[str]:
    """What each `Finding(what, seen, remedy)` is about."""
    for path in sorted(ADMIN.glob("*.py")):
        for function in ast.walk(tree_of(path)):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for call in ast.walk(function):
                    if is_finding(call) and isinstance(call, ast.Call):
                        yield about(call.args[0], function)


def is_finding(node: ast.AST) -> bool:
    """One that may have a remedy."""
    named = isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding"
    return named and (len(node.args) > 2 or isinstance(node.args[-1], ast.Starred))  # type: ignore[attr-defined]


def about(given: ast.expr, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The English word, also of a variable of the function."""
    for node in ast.walk(function) if isinstance(given, ast.Name) else ():
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == given.id:
            given = node.value
            break
    if isinstance(given, ast.Call):
        given = given.args[0]
    if isinstance(given, ast.Constant):
        return str(given.value)
    return f"{ast.unparse(given)} in {function.name}"


def reasons() -> Iterator[str]:
    """Each part for which a pulse is given a reason."""
    for path in sources():
        for call in ast.walk(tree_of(path)):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                of = ast.unparse(call.func.value)
                if of.endswith("pulse") and call.func.attr in ("note", "lack"):
                    yield f"{path.stem}: {part(call.args[0])}"


def part(given: ast.expr) -> str:
    if isinstance(given, ast.JoinedStr):
        given = given.values[0]
    return str(given.value).strip() if isinstance(given, ast.Constant) else ast.unparse(given)
