"""A refusal with 400 or 422 names its field, or has a reason why it is about none."""

import pytest
from msgspec import yaml

from backbone.rpc.rules import rules_of
from liandong.alarm.v1 import alarm_service_pb2 as alarm
from liandong.dispute.v1 import dispute_service_pb2 as dispute
from liandong.incident.v1 import incident_service_pb2 as incident
from liandong.population.v1 import population_service_pb2 as population
from liandong.supervision.v1 import supervision_service_pb2 as supervision
from services.gateway.contract.answers import problems_of, statuses
from services.gateway.contract.naming import Names
from services.gateway.contract.plan import Plan
from services.gateway.contract.words import read_words
from services.gateway.http.located import MISSING, NAMES, declared, flaws_in
from services.gateway.http.problems import FILE, Problem, Reasons, problem_text
from tests.contract.test_input import FIELDS, GENERAL
from tests.contract.test_openapi import PLANS
from tests.unnamed import OF_NO_FIELD

LINES = yaml.decode(FILE.read_bytes())
# A verb for which the record lacks what another request gives it.
OF_THE_RECORD = {("PARTIES_MISSING", "RecordAgreement")}
HEADERS = {name for names in NAMES.values() for name in names if name[0].isupper()}
WORDS = read_words()


def of_input() -> list[str]:
    return [
        reason
        for reason, line in LINES.items()
        if {400, 422} & set(statuses().get(reason, ()))
        and "{field}" not in line["detail_en"]
        and reason not in OF_NO_FIELD
    ]


def test_every_refusal_of_an_input_names_its_field_or_says_why_not() -> None:
    assert len(of_input()) > 60
    assert [reason for reason in of_input() if reason not in NAMES] == []


def test_the_lists_name_reasons_that_there_are() -> None:
    assert not {*NAMES, *OF_NO_FIELD} - LINES.keys()
    assert not OF_NO_FIELD.keys() & NAMES.keys()


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.label)
def test_each_operation_has_the_field_of_each_of_its_refusals(plan: Plan) -> None:
    found = problems_of(plan, WORDS)
    reasons = {reason for status in (400, 422, 409) for reason in found.get(status, ())}
    lost = [
        reason
        for reason in sorted(reasons & NAMES.keys())
        if MISSING not in NAMES[reason]
        and not HEADERS & {*NAMES[reason]}
        and (reason, plan.route.rpc) not in OF_THE_RECORD
        and not declared(NAMES[reason], plan.method.input_type)
    ]
    assert not lost


def test_a_reason_of_a_rule_is_found_where_the_rule_stands() -> None:
    """A domain refuses for the same reason, for the same field."""
    wrong = {
        (reason, field.name)
        for field in FIELDS.values()
        for rules in [rules_of(field)]
        for reason in (rules.missing, rules.wrong)
        if reason in NAMES and field.name not in NAMES[reason] and reason not in GENERAL
    }
    assert not wrong


HAND_OFF = incident.HandOffIncidentRequest(to_unit="nosuch", reason="因为")
AMENDED = alarm.AmendReceiptRequest(against="nosuch", narrative="x")
AMENDED.place.point.longitude = 10.0
ENTRUST = population.EntrustCareCaseRequest(care_workers=["li", "nosuch"])
OPENED = supervision.OpenSupervisionRequest(incident_ids=["a", "b"])


@pytest.mark.parametrize(
    ("reason", "facts", "request_", "fields"),
    [
        ("UNKNOWN_UNIT", {"unit": "nosuch"}, HAND_OFF, ["to_unit"]),
        ("UNKNOWN_UNIT", {"unit": "nosuch"}, AMENDED, ["against"]),
        ("UNKNOWN_PERSON", {"user": "nosuch"}, ENTRUST, ["care_workers[1]"]),
        ("UNKNOWN_INCIDENT", {"incident": "b"}, OPENED, ["incident_ids[1]"]),
        ("OUTSIDE_CITY", {"longitude": "10.0"}, AMENDED, ["place.point"]),
        ("UNKNOWN_AREA", {"area": "9999999"}, AMENDED, ["place.area"]),
        ("REASON_MISSING", {}, AMENDED, ["reason"]),
        ("DANGER_UNCONFIRMED", {"name": "凶器"}, AMENDED, ["confirm_priority"]),
        ("INCIDENTS_MISSING", {}, OPENED, ["incident_ids"]),
        (
            "AGREEMENT_INCOMPLETE",
            {"missing": "facts, terms"},
            dispute.RecordAgreementRequest(),
            ["agreement.facts", "agreement.terms"],
        ),
        ("OWN_DEPUTY", {"user": "li"}, None, ["deputy"]),
        ("NOT_YOUR_UNIT", {"unit": "north"}, HAND_OFF, []),
        ("ACCUSED_UNIT", {"unit": "north"}, alarm.DispatchNowRequest(team="team"), ["team"]),
        ("ACCUSED_UNIT", {"unit": "nosuch"}, HAND_OFF, ["to_unit"]),
        ("ACCUSED_UNIT", {"unit": "north"}, alarm.PassTo12345Request(to="x"), ["to"]),
        ("ACCUSED_UNIT", {"unit": "north"}, incident.AssignIncidentRequest(), ["unit"]),
        ("ACCUSED_UNIT", {"unit": "north"}, incident.EscalateIncidentRequest(), []),
        ("ACCUSATION_APART", {"against": "nosuch"}, AMENDED, ["against"]),
        ("ACCUSATION_APART", {"against": "x"}, alarm.LinkRepeatRequest(), ["incident"]),
        ("ACCUSATION_APART", {"against": "x"}, incident.MergeIncidentRequest(), ["into"]),
        ("ACCUSATION_NEW_REPORT", {"against": "x", "unit": "y"}, AMENDED, ["against"]),
        ("ACCUSATION_NOT_FOR_PARTNERS", {"against": "x"}, alarm.PassTo12345Request(), ["to"]),
    ],
)
def test_a_field_is_found_by_what_it_holds(
    reason: str, facts: dict[str, str], request_: object, fields: list[str]
) -> None:
    assert [flaw.field for flaw in flaws_in(reason, facts, request_)] == fields  # type: ignore[arg-type]


def test_an_answer_says_one_name_for_one_field() -> None:
    """What the service calls point.longitude is the parameter longitude to the caller."""
    [plan] = [each for each in PLANS if each.route.path == "/v1/grids"]
    assert plan.said("point.longitude", ()) == ("longitude",)
    assert plan.said("point", ()) == ("longitude", "latitude")
    [receipts] = [each for each in PLANS if each.label == "GET /v1/receipts"]
    assert receipts.said("to_time", {"to_time"}) == ("to_time",)
    assert receipts.said("to_time", {"to"}) == ("to",)


def test_a_refusal_of_the_gateway_names_its_header() -> None:
    text = problem_text(Problem(422, "PURPOSE_MISSING"), Reasons(Names()), "en", "0" * 32)
    assert b'"errors":[{"field":"Liandong-Purpose","reason":"PURPOSE_MISSING"' in text
