"""Every release's rows, journals and records are read, folded and compared without a server."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from backbone.door.request import hash_of
from backbone.intake.following import follow_by_id
from backbone.postgres.migrate import SERVICES, SHELL
from backbone.postgres.sealing import KeyMissing, Sealer
from backbone.process.keyring import Keyring
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.alarm.v1.alarm_service_pb2 import ReceiveAlarmRequest
from liandong.dispute.v1.dispute_service_pb2 import RegisterDisputeRequest
from liandong.incident.v1.incident_commands_pb2 import IncidentCommand
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.petition.v1.petition_service_pb2 import RegisterPetitionRequest
from services.alarm import callers
from services.dispute import codec as dispute
from services.dispute.consumers import registering
from services.emergency import codec as emergency
from services.gateway.contract.reading import body_reader
from services.petition import codec as petition
from services.population import codec as population
from services.workflow import codec
from tests.golden import incidents, intake
from tests.golden.reading import DECIDERS, RELEASES, Release

COMMANDS = "liandong.incident.commands.v1"
EACH = pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
OF_ALL = pytest.mark.parametrize("schema", DECIDERS)
# No verb leads there yet.
NEVER = ["incidents MERGED", "incidents REPORTED", "incidents SUSPENDED", "missions RECALLED"]
# Commands that never take the road over Kafka, and those that a release did not have yet.
DIRECT = {"Lapse", "OpenIncident", "FollowHost"}
LATER = {
    "0.1.0": {
        "ReassignIncident",
        "EscalateIncident",
        "ObjectToAssignment",
        "UpholdObjection",
        "RejectObjection",
        "FollowSupervision",
        "UrgeIncident",
        "UndoVoid",
        "MergeIncident",
        "UndoMerge",
        "SetPriority",
        "AmendMatter",
        "LinkCaller",
        "UnlinkCaller",
        "SettleIncident",
    }
}


def test_there_is_a_release() -> None:
    assert RELEASES


@EACH
def test_the_stories_reach_every_event_and_every_state(release: Release) -> None:
    assert release.made["lacking"] == {"kinds": [], "states": NEVER}


@EACH
def test_a_migration_that_a_release_has_applied_is_never_changed(release: Release) -> None:
    for schema in release.schemas():
        for row in release.rows(schema, "migrations"):
            owner, _, name = row["name"].partition("/")
            folder = SHELL if owner == "shell" else SERVICES / owner / "migrations"
            text = (folder / name).read_bytes()
            assert sha256(text).hexdigest() == row["checksum"], row["name"]


@EACH
@OF_ALL
def test_the_row_is_what_its_journal_leads_to(release: Release, schema: str) -> None:
    lives = release.lives(schema)
    assert lives
    for life in lives:
        assert life.stored() == life.decider.fold(life.payloads), life.row["id"]


@EACH
@OF_ALL
def test_every_record_of_a_topic_is_a_row_of_the_journal(release: Release, schema: str) -> None:
    decider = DECIDERS[schema][0]
    journal = {
        (row["aggregate_id"], str(row["version"])): row for row in release.rows(schema, "journal")
    }
    for key, headers, value in release.records(decider.topic):
        meta = decider.event.FromString(value).meta  # type: ignore[attr-defined]
        assert (key, headers["ce_id"]) == (meta.aggregate_id, meta.event_id)
        row = journal.pop((key, headers["ce_sequence"]), None)
        if row:  # else a push that was repeated after the rows had been read
            assert (row["kind"], row["payload"]) == (headers["ce_type"], f"\\x{value.hex()}")
    assert not journal


@EACH
def test_every_command_on_the_topic_is_read_and_was_answered(release: Release) -> None:
    key, methods = release.key("workflow"), Counter[str]()
    answered = {row["request_id"] for row in release.rows("workflow", "outcomes")}
    for of, _, value in release.records(COMMANDS):
        request = codec.from_value(value, key)
        assert (str(request.aggregate_id), str(request.request_id) in answered) == (of, True)
        asked = IncidentCommand.FromString(value)
        assert request.actor.user == asked.user
        methods[type(request.command).__name__] += 1
    verbs = {each.__name__ for each in DECIDERS["workflow"][0].life_cycle.verbs}
    assert verbs - set(methods) <= DIRECT | LATER.get(release.name, set()), methods


@EACH
def test_every_opening_that_an_intake_asked_for_is_the_request_that_was_answered(
    release: Release,
) -> None:
    answered = {row["request_id"] for row in release.rows("workflow", "outcomes")}
    opened = {row["id"] for row in release.rows("workflow", "incidents")}
    asked = set()
    for topic in codec.INTAKES:
        for _, _, value in release.records(topic):
            for request in codec.intake_requests(topic, value, release.key("workflow")):
                assert str(request.request_id) in answered
                asked.add(str(request.aggregate_id))
    assert asked == opened


@EACH
def test_every_event_that_another_service_follows_is_a_request_that_was_answered(
    release: Release,
) -> None:
    """Derived request ids are a contract between releases: a redelivered event is no new one."""
    receipts = [
        AlarmEvent.FromString(value) for *_, value in release.records("liandong.alarm.events.v1")
    ]
    answered = {schema: {row["request_id"] for row in release.rows(schema, "outcomes")}
             for schema in release.schemas()}  # fmt: skip
    referred = [each for each in receipts if each.HasField("mediation_referred")]
    ordered = [each for each in receipts if each.HasField("dispatch_ordered")]
    assert referred
    assert ordered
    for event in referred:
        request = registering(event)
        assert str(request.request_id) in answered["dispute"]
    for event in ordered:
        of, order = UUID(event.meta.aggregate_id), event.dispatch_ordered.order
        assert str(emergency.dispatch_id(of, order)) in answered["emergency"]
    followed = 0
    for *_, value in release.records("liandong.incident.events.v1"):
        event = IncidentEvent.FromString(value)
        for request in follow_by_id([event]):
            followed += str(request.request_id) in answered["alarm"] | answered["petition"]
    assert followed


@EACH
def test_a_repeated_request_has_the_hash_that_was_stored(release: Release) -> None:
    """The call under the same key in the next release must not hear that the key was reused."""
    letter = intake.LAMP | {"channel": "LETTER"}
    call = incidents.CALL | {"narrative": "两车相撞,有人受伤"}  # as the release was told
    for schema, body in (
        ("alarm", as_received(call, ReceiveAlarmRequest)),
        ("petition", as_received(letter, RegisterPetitionRequest)),
        ("dispute", as_received(intake.DISPUTE, RegisterDisputeRequest)),
    ):
        stored = {row["body_hash"] for row in release.rows(schema, "outcomes")}
        assert hash_of(body, release.key(schema)) in stored, schema


def as_received(body: Any, message: Any) -> Any:
    """The message that the edge makes of a JSON body."""
    return message(**body_reader(message.DESCRIPTOR).validate_json(json.dumps(body)))


@EACH
def test_what_was_sealed_opens_with_the_key_of_its_service(release: Release) -> None:
    plain = {schema: opened(release, schema, release.key(schema)) for schema in OPENS}
    assert "13800000000" in plain["alarm"]
    assert {"赵某", "钱某"} <= plain["petition"]
    assert {"钱某", "孙某"} <= plain["dispute"]
    assert plain["population"] == {"李小明"}
    with pytest.raises((ValueError, KeyMissing)):
        opened(release, "dispute", release.key("petition"))


OPENS: dict[str, Callable[[Any, Sealer], Iterable[str]]] = {
    "alarm": lambda receipt, sealer: [callers.unseal(receipt.report.caller, sealer).number],
    "petition": lambda one, sealer: [p.name for p in petition.opened(one, sealer).petitioners],
    "dispute": lambda one, sealer: [party.name for party in dispute.opened(one, sealer)],
    "population": lambda case, sealer: [population.opened(case, sealer).name],
}


def opened(release: Release, schema: str, key: bytes) -> set[str]:
    sealer = Sealer(Keyring((key,)))
    stored = (life.stored() for life in release.lives(schema))
    return {plain for one in stored for plain in OPENS[schema](one, sealer)}
