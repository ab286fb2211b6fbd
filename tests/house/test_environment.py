"""`liandong env` names every variable that the code reads, and every service that is called."""

import re
from dataclasses import fields

import pytest

from backbone.process.settings import PORTS
from operate.admin.environment import called_by, hidden, variables_of, written
from services.gateway import settings
from services.gateway.accounts import oidc_client
from services.petition import tracking
from tests.house.sources import TOP

# Of the operator's own commands, and of the supervisor; no service reads them.
ELSEWHERE = {"LIANDONG_HOME", "LIANDONG_SUPERVISED"}
NAME = re.compile(r"[A-Z][A-Z0-9_]*[A-Z0-9]")
OTEL = re.compile(r"\bOTEL_[A-Z_]+[A-Z]\b")
READ = re.compile(r'"(LIANDONG_[A-Z_]+)"')


def test_every_variable_that_is_read_is_documented() -> None:
    told = all_told()
    for folder in ("libs/backbone", "services"):
        for path in (TOP / folder).rglob("*.py"):
            for name in READ.findall(path.read_text()):
                # A prefix: the names behind it are declared, and compared below.
                begins = name.endswith("_") and any(each.startswith(name) for each in told)
                assert name in told | ELSEWHERE or begins, (path, name)


def all_told() -> set[str]:
    return {each.name for name in PORTS for each in variables_of(name, secure=True)}


@pytest.mark.parametrize(
    ("service", "prefix", "declared"),
    [
        ("gateway", settings.PREFIX, settings.GatewaySettings),
        ("gateway", oidc_client.PREFIX, oidc_client.Client),
        ("petition", tracking.PREFIX, tracking.Limits),
    ],
)
def test_every_setting_that_a_service_declares_has_its_name(
    service: str, prefix: str, declared: type
) -> None:
    told = {each.name: each.means for each in variables_of(service, secure=True)}
    for each in fields(declared):
        assert told[f"{prefix}{each.name.upper()}"]


def test_each_is_a_name_that_can_be_set() -> None:
    assert [name for name in all_told() if not NAME.fullmatch(name)] == []


def test_what_documents_set_is_told() -> None:
    named = {
        name for page in (TOP / "docs").glob("*.md") for name in OTEL.findall(page.read_text())
    }
    assert named and named <= all_told()


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
