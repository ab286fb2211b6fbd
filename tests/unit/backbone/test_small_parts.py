"""Codes, places, seals, the breaker, settings, logs, the pulse: each small, each exact."""

import json
import logging
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from backbone.door.request import created_id, hash_of, request_id_of
from backbone.process.logs import JsonLines, bound, speak_json
from backbone.process.pulse import Pulse
from backbone.process.settings import PORTS, SettingsError, read_settings
from backbone.rpc.caller import caller_of, metadata_for, require_token
from backbone.words.actor import Actor
from backbone.words.contacts import identity_of, line_of
from backbone.words.errors import KINDS, LONGEST_FACT, Denied, InvalidArgument, NotFound
from backbone.words.masks import DIALLED, USUAL, masked, telephone_of
from backbone.words.matter_code import Intake, code_of, is_code, mint
from backbone.words.nobody import names_nobody
from backbone.words.place import contains, significant
from liandong.incident.v1 import incident_service_pb2 as pb
from services.workflow.breaker import FAILURES, Breaker, Road

FULL_WIDTH = {at: at + 0xFEE0 for at in range(0x21, 0x7F)}
areas = st.from_regex(r"9901[0-9]{2}", fullmatch=True)
codes = st.builds(
    mint,
    areas,
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.sampled_from(Intake),
    st.integers(0, 2_000_000),
)


@given(codes)
def test_a_code_is_a_code_and_one_wrong_digit_makes_it_none(code: str) -> None:
    assert is_code(code)
    for at, letter in enumerate(code):
        if letter.isdigit():
            wrong = str((int(letter) + 1) % 10)
            assert not is_code(code[:at] + wrong + code[at + 1 :])


@given(st.text())
@example("990101260101-000001-")
@example("٩٩٠١٠١٢٦٠١٠١-٠٠٠٠٠١-0")
@example("")
def test_what_is_no_code_is_none(text: str) -> None:
    parts = text.split("-")
    plausible = len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts)
    assert plausible or not is_code(text)


@given(codes)
def test_a_code_is_read_in_every_form(code: str) -> None:
    forms = (code, code.replace("-", ""), code.translate(FULL_WIDTH), f" {code} ", code[:12])
    *whole, half = map(code_of, forms)
    assert set(whole) == {code} and half == code[:12]
    assert code_of("NO-such-code ") == "NO-such-code"


def test_numbers_beyond_five_digits_make_a_longer_code() -> None:
    code = mint("990101001", date(2026, 11, 22), Intake.PETITION, 123_456)
    assert code.startswith("990101261122-1123456-") and is_code(code)


@given(areas, st.text(st.sampled_from("0123456789"), max_size=9))
def test_an_area_contains_what_begins_with_its_digits(area: str, more: str) -> None:
    assert contains(area, area)
    assert contains(area, significant(area) + more)
    assert contains("990100", area) and not contains("", area) and not contains("990200", area)


@pytest.mark.parametrize(
    ("field", "text", "shown"),
    [
        ("name", "", ""),
        ("name", "王", "*"),
        ("name", "王某", "王*"),
        ("petitioner.name", "欧阳某某", "欧***"),
        ("against", "某某贸易有限公司", "某*******"),
        ("subscriber", "13800000000", "1**********"),
        ("number", "13800000000", "138****0000"),
        ("person.id_number", "990101199001011234", "990***********1234"),
        ("person.id_number", "99010119900101123X", "990***********123X"),
        ("number", "88123456", "88****56"),
        ("number", "+86 138-0000-0000", "138****0000"),
        ("party.contact", "138 0000 0000".translate(FULL_WIDTH), "138****0000"),
        ("person.id_number", "990101 19900101 123x", "990***********123X"),
        ("number", "110", "***"),
        ("number", "008613800112233", "138****2233"),
        ("number", "0086 138 0011 2233", "138****2233"),
        ("person.id_number", "110101900307756", "110***********7563"),
        ("number", "+86 10 8888 9999 ext 205", "01*******99转***"),
        ("number", "13800112233转8", "138****2233转*"),
        ("installed_address", "青山镇长风路12号", "青山*****2号"),
        ("number", "029-87654321", "02*******21"),
        ("number", "+86-29-87654321", "02*******21"),
        ("number", "+862987654321", "02*******21"),
        ("number", "008602987654321", "02*******21"),
        ("number", "（029）8765 4321", "02*******21"),
        ("number", "029 8765 4321-12", "02*******21转**"),
        ("number", "一三八零零一一二二三三", "138****2233"),
        ("number", "138/0011/2233", "138****2233"),
        ("number", "00852 9123 4567", "+85******567"),
    ],
)
def test_a_mask_shows_enough_to_recognise(field: str, text: str, shown: str) -> None:
    assert masked(field, text) == shown


@given(st.sampled_from(["name", "number", "party.contact"]), st.text(max_size=40))
@example("number", "12345678901")
def test_a_mask_hides_half_at_least_and_shows_only_the_ends(field: str, text: str) -> None:
    number = telephone_of(text)
    assume(not any(map(USUAL.fullmatch, (text, number, identity_of(text)))))
    assume(field == "name" or not (line_of(number) or DIALLED.fullmatch(number)))
    assume(field != "name" or not names_nobody(text))
    shown = masked(field, text)
    first, last = shown.partition("*")[0], shown.rpartition("*")[2]
    assume("*" not in text)
    most = 1 if field == "name" else len(text) // 4
    assert len(shown) == len(text) and len(first) <= most and len(last) <= len(text) // 4
    assert len(first + last) <= len(text) / 2
    assert text.startswith(first) and text.endswith(last)
    assert set(shown[len(first) : len(shown) - len(last)]) <= {"*"}


def test_five_hedges_in_a_row_open_the_breaker_and_one_arrival_closes_it() -> None:
    chance = 0.5
    breaker = Breaker(lambda: chance)
    for _ in range(FAILURES):
        assert breaker.choose() is Road.STREAM
        breaker.failed()
    assert breaker.choose() is Road.DIRECT and not breaker.probes()
    chance = 0.01
    assert breaker.choose() is Road.DIRECT, "the caller of a probe does not wait for the stream"
    assert breaker.probes()
    breaker.arrived()
    chance = 0.97
    assert breaker.choose() is Road.STREAM and not breaker.probes()
    chance = 0.99
    assert breaker.choose() is Road.DIRECT, "a road that is used only in need is broken then"


ENVIRON = {
    "LIANDONG_ALARM_DATABASE_URL": "postgresql://x",
    "LIANDONG_WORKFLOW_DATABASE_URL": "postgresql://y",
    "KAFKA_BOOTSTRAP": "k:9092",
    "LIANDONG_SECURE": "0",
    "LIANDONG_TOKEN": "t",
    "LIANDONG_SIGNERS": "{}",
    "LIANDONG_ALARM_KEY": "ab" * 32,
    "LIANDONG_WORKFLOW_KEY": "cd" * 32,
    "LIANDONG_TEXTS_KEY": "ce" * 32,
}


def test_settings_are_read_for_each_process() -> None:
    alarm = read_settings("alarm", ENVIRON)
    assert (alarm.schema, alarm.port, alarm.metrics_port) == ("alarm", 8610, 8611)
    assert alarm.address_of("workflow") == "127.0.0.1:8620"
    assert alarm.kept["outcomes"].days == 30
    stream = read_settings("workflow-stream", {**ENVIRON, "LIANDONG_PORT": "9000"})
    assert (stream.schema, stream.database_url, stream.metrics_port) == (
        "workflow",
        "postgresql://y",
        9023,
    )
    rotated = read_settings("alarm", {**ENVIRON, "LIANDONG_ALARM_KEY": f"{'ab' * 32},{'ef' * 32}"})
    assert rotated.keyring.keys == (b"\xab" * 32, b"\xef" * 32)
    elsewhere = read_settings("alarm", {**ENVIRON, "LIANDONG_WORKFLOW_ADDRESS": "host:1"})
    assert elsewhere.address_of("workflow") == "host:1"


def test_every_flaw_of_the_settings_is_told_at_once() -> None:
    environ = {"LIANDONG_PORT": "many", "LIANDONG_ALARM_KEY": "xy", "LIANDONG_OUTCOME_DAYS": "-1"}
    with pytest.raises(SettingsError) as caught:
        read_settings("alarm", environ)
    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP", "TOKEN", "PORT", "ALARM_KEY", "OUTCOME_DAYS"):
        assert name in str(caught.value)
    twice = {**ENVIRON, "LIANDONG_ALARM_KEY": ",".join(["ab" * 32] * 2)}
    with pytest.raises(SettingsError, match=r"LIANDONG_ALARM_KEY: one key stands twice$"):
        read_settings("alarm", twice)
    with pytest.raises(SettingsError, match="no service is called alarms; there are: gateway"):
        read_settings("alarms", ENVIRON)
    assert len({port for pair in PORTS.values() for port in pair}) == 2 * len(PORTS)


def test_facts_are_texts_that_can_be_stored_and_sent() -> None:
    refusal = NotFound("NO_SUCH", who="a\0b", long="x" * 10_000, number=7, none=None)
    assert refusal.facts["who"] == "a\ufffdb"
    assert len(refusal.facts["long"]) == LONGEST_FACT + 1
    assert (refusal.facts["number"], refusal.facts["none"]) == ("7", "None")
    assert KINDS["NotFound"] is NotFound


class Call:
    """The context of a call, as far as metadata are read."""

    def __init__(self, remaining: float | None = 5, **given: str) -> None:
        self._given = [(name.replace("_", "-"), value) for name, value in given.items()]
        self._remaining = remaining

    def invocation_metadata(self) -> list[tuple[str, str]]:
        return self._given

    def time_remaining(self) -> float | None:
        return self._remaining


words = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]))


@given(st.builds(Actor, words, words, words, words))
def test_who_acts_travels_in_metadata(actor: Actor) -> None:
    actor = Actor(*(part.encode(errors="replace").decode() for part in vars_of(actor)))
    metadata = metadata_for("token", actor, request_id=str(UUID(int=7)))
    assert all(value.isascii() for _, value in metadata)
    caller = caller_of(Call(**{name.replace("-", "_"): value for name, value in metadata}))
    assert (caller.actor, caller.request_id) == (actor, UUID(int=7))


def vars_of(actor: Actor) -> list[str]:
    return [actor.user, actor.unit, actor.role, actor.area]


def test_a_key_makes_the_request_and_without_one_each_call_is_its_own() -> None:
    keyed = [caller_of(Call(idempotency_key="k", liandong_principal="p")) for _ in range(2)]
    assert keyed[0].request_id == keyed[1].request_id == request_id_of("p", "k")
    assert keyed[0].call != keyed[1].call
    assert caller_of(Call(idempotency_key="k", liandong_user="u")).request_id == request_id_of(
        "u", "k"
    )
    assert caller_of(Call()).request_id != caller_of(Call()).request_id


@pytest.mark.parametrize(("remaining", "patience"), [(None, 5), (60, 5), (2, 2), (0, 0)])
def test_a_deadline_is_the_callers_up_to_our_patience(
    remaining: float | None, patience: float
) -> None:
    caller = caller_of(Call(remaining))
    left = (caller.deadline - datetime.now(UTC)).total_seconds()
    assert patience - 0.5 < left <= patience


def test_malformed_metadata_and_strangers_are_refused() -> None:
    for version in ("x", "-1", str(2**63)):
        with pytest.raises(InvalidArgument, match="BAD_METADATA"):
            caller_of(Call(liandong_expected_version=version))
    with pytest.raises(InvalidArgument, match="NUL_CHARACTER"):
        caller_of(Call(liandong_user="li%00"))
    with pytest.raises(InvalidArgument, match="TEXT_TOO_LONG"):
        caller_of(Call(liandong_purpose="x" * 201))
    with pytest.raises(Denied):
        require_token([("liandong-token", "other")], "token")
    with pytest.raises(Denied):
        require_token([], "token")
    require_token([("liandong-token", "token")], "token")


def test_the_hash_of_a_body_tells_calls_and_contents_apart() -> None:
    claim, route = (
        pb.ClaimIncidentRequest(incident_id="1"),
        pb.RouteIncidentRequest(incident_id="1"),
    )
    key, other = b"1" * 32, b"2" * 32
    assert hash_of(claim, key) == hash_of(pb.ClaimIncidentRequest(incident_id="1"), key)
    bodies = (claim, route, pb.ClaimIncidentRequest())
    assert len({hash_of(each, key) for each in bodies} | {hash_of(claim, other)}) == 4
    request_id = uuid4()
    assert created_id(request_id, "a") != created_id(request_id, "b")


def test_a_line_of_the_log_is_json_with_what_is_bound() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "thing.happened", (), None)
    record.__dict__["id"] = UUID(int=1)
    with bound(method="Claim"), bound(unit="u"):
        line: dict[str, Any] = json.loads(JsonLines().format(record))
    assert (line["event"], line["method"], line["unit"]) == ("thing.happened", "Claim", "u")
    assert line["id"] == str(UUID(int=1))
    assert "method" not in json.loads(JsonLines().format(record))


def test_an_error_is_logged_with_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        speak_json()
        try:
            raise ZeroDivisionError("a bug")
        except ZeroDivisionError:
            logging.getLogger("x").exception("x.broken")
        assert "ZeroDivisionError: a bug" in json.loads(capsys.readouterr().out)["trace"]
    finally:
        root.handlers[:] = before
        root.setLevel(level)


def test_who_does_not_beat_is_dead_and_who_lacks_something_is_not_ready() -> None:
    pulse = Pulse(patience=-1)
    pulse.beat("relay")
    assert pulse.dead() == ["relay"]
    assert pulse.unready() == ["it is still starting", "relay stands still"]
    pulse = Pulse()
    pulse.started()
    pulse.beat("relay")
    pulse.lack("database", "it does not answer")
    assert (pulse.dead(), pulse.unready()) == ([], ["it does not answer"])
    pulse.have("database")
    assert pulse.unready() == []
