"""`liandong env` names every variable that the code reads, and every service that is called."""

import re

import pytest

from backbone.process.settings import PORTS
from operate.admin.environment import OWN, called_by, hidden, variables_of, written
from tests.house.sources import TOP

# Of the operator's own commands, and of the supervisor; no service reads them.
ELSEWHERE = {"LIANDONG_HOME", "LIANDONG_SUPERVISED"}
READ = re.compile(r'"(LIANDONG_[A-Z_]+)"')


def test_every_variable_that_is_read_is_documented() -> None:
    told = {each.name for name in PORTS for each in variables_of(name, secure=True)}
    loose = tuple(name.partition("<")[0] for own in OWN.values() for name in own if "<" in name)
    for folder in ("libs/backbone", "services"):
        for path in (TOP / folder).rglob("*.py"):
            for name in READ.findall(path.read_text()):
                assert name in told | ELSEWHERE or name.startswith(loose), (path, name)


@pytest.mark.parametrize(
    ("service", "calls"),
    [
        ("alarm", {"emergency", "workflow"}),
        ("petition", {"workflow"}),
        ("emergency", {"workflow"}),
        ("directory", set()),
        ("workflow-stream", set()),
    ],
)
def test_a_service_is_told_where_those_are_that_it_calls(service: str, calls: set[str]) -> None:
    assert set(called_by(service)) == calls


def test_secrets_are_hidden_where_a_person_reads() -> None:
    told = {"LIANDONG_ALARM_KEY": "ab" * 32, "LIANDONG_LOG": "INFO"}
    text = written("alarm", told, hidden)
    assert "ab" * 32 not in text
    assert "LIANDONG_LOG=INFO\n" in text
    assert "# LIANDONG_ALARM_PORT=\n" in text
