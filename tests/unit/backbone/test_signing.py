"""Signatures of services: what holds, what does not, and that a rotation loses nothing."""

import json
import time
from pathlib import Path

import pytest

from backbone.kafka.origin import header_of
from backbone.process.keyring import Keyring
from backbone.process.signing import ID, Signatures, publics_of
from backbone.rpc.signed import FRESH, HEADER, Signed, signature_of
from backbone.words.errors import Denied

OLD, NEW = bytes(32), bytes(31) + b"\1"
ALARM, FLOW = Keyring((OLD,)), Keyring((NEW,))
TOLD = json.dumps({"alarm": publics_of(ALARM), "workflow": publics_of(FLOW)})
METHOD, BODY = "/liandong.incident.v1.IncidentService/ClaimIncident", b"the incident"
SAID = (("liandong-user", "li"), ("liandong-role", "clerk"), ("idempotency-key", "k"))


def alarm() -> Signatures:
    return Signatures("alarm", ALARM, TOLD)


def flow() -> Signatures:
    return Signatures("workflow", FLOW, TOLD)


def test_a_signature_holds_for_its_service_and_its_statement_alone() -> None:
    signature = alarm().sign(b"it is so")
    assert flow().is_signed("alarm", b"it is so", signature)
    assert not flow().is_signed("workflow", b"it is so", signature)
    assert not flow().is_signed("alarm", b"it is not so", signature)
    assert not flow().is_signed("alarm", b"it is so", b"")
    assert not flow().is_signed("nobody", b"it is so", signature)


def test_only_two_services_can_make_a_code() -> None:
    code = alarm().code("workflow", b"claim")
    assert flow().is_coded("alarm", b"claim", code)
    assert not flow().is_coded("alarm", b"void", code)
    third = Signatures("petition", Keyring((b"\2" * 32,)), TOLD)
    assert not flow().is_coded("alarm", b"claim", third.code("workflow", b"claim"))
    assert not flow().is_coded("petition", b"claim", third.code("workflow", b"claim"))
    with pytest.raises(LookupError):
        alarm().code("nobody", b"claim")


def test_the_codes_beside_a_signature_hold_for_their_writer_and_reader_alone() -> None:
    signature = alarm().sign(b"opened")
    codes = alarm().codes(b"opened", signature)
    assert flow().is_among("alarm", b"opened", codes)
    assert alarm().is_among("alarm", b"opened", codes), "it reads its own topics too"
    assert not flow().is_among("alarm", b"voided", codes)
    assert not flow().is_among("workflow", b"opened", codes)
    another = codes.replace(b"workflow:", b"petition:")
    of_another = Signatures("petition", Keyring((b"\2" * 32,)), TOLD).is_among
    for told in (another, b"", b"\xff,workflow:00", codes.split(b",")[0], codes[:-1]):
        assert not flow().is_among("alarm", b"opened", told)
    assert not of_another("alarm", b"opened", another)


def test_a_forged_row_gets_no_codes() -> None:
    """The relay passes a row on as it stands in the database; the codes vouch for its signature."""
    true = alarm().sign(b"opened")
    for forged in (b"", true[:68], true[:-1] + b"\0", flow().sign(b"opened"), alarm().sign(b"no")):
        assert alarm().codes(b"opened", forged) == b""


def test_a_rotation_is_known_to_services_that_run(tmp_path: Path) -> None:
    """The file is read again for a key that is not known; old signatures stay valid."""
    path = tmp_path / "signers.json"
    path.write_text(TOLD)
    reader = Signatures("workflow", FLOW, str(path))
    before = alarm().sign(b"old")
    rotated = Keyring((OLD, b"\3" * 32))
    path.write_text(json.dumps({"alarm": publics_of(rotated), "workflow": publics_of(FLOW)}))
    reader._read_at = 0.0  # as if a second had passed
    later = Signatures("alarm", rotated, str(path))
    assert reader.is_signed("alarm", b"new", later.sign(b"new"))
    assert reader.is_signed("alarm", b"old", before)
    assert reader.is_coded("alarm", b"claim", later.code("workflow", b"claim"))


def test_a_process_learns_the_newer_key_of_another_process_of_its_service(tmp_path: Path) -> None:
    """The front of workflow restarts with a new key; its stream processor reads what it signs."""
    path, rotated = tmp_path / "signers.json", Keyring((NEW, b"\5" * 32))
    path.write_text(json.dumps({"workflow": publics_of(rotated)}))
    front, stream = (Signatures("workflow", each, str(path)) for each in (rotated, FLOW))
    signature = front.sign(b"claimed")
    assert stream.is_signed("workflow", b"claimed", signature)
    assert stream.is_among("workflow", b"claimed", front.codes(b"claimed", signature))
    assert stream.is_coded("workflow", b"claim", front.code("workflow", b"claim"))
    assert front.is_coded("workflow", b"claim", stream.code("workflow", b"claim"))


def test_a_receiver_whose_keys_were_rotated_still_reads_codes() -> None:
    """A process that has not been restarted lacks its newest key: senders use the first one."""
    rotated = Keyring((NEW, b"\4" * 32))
    told = json.dumps({"alarm": publics_of(ALARM), "workflow": publics_of(rotated)})
    code = Signatures("alarm", ALARM, told).code("workflow", b"claim")
    for keyring in (FLOW, rotated):
        assert Signatures("workflow", keyring, told).is_coded("alarm", b"claim", code)


def signed() -> list[tuple[str, str]]:
    return [*SAID, signature_of(alarm(), "workflow", METHOD, SAID, BODY)]


def test_a_signed_call_is_let_in() -> None:
    Signed(flow())(METHOD, [*signed(), ("liandong-token", "t"), ("user-agent", "grpc")], BODY)


FORGERIES = {
    "another method": (METHOD.replace("Claim", "Void"), signed(), BODY),
    "another body": (METHOD, signed(), b"another incident"),
    "another person": (METHOD, [("liandong-user", "wang"), *signed()[1:]], BODY),
    "one field more": (METHOD, [("liandong-team", "1"), *signed()], BODY),
    "one field less": (METHOD, signed()[1:], BODY),
    "another key of the request": (
        METHOD,
        [*signed()[:2], ("idempotency-key", "x"), signed()[3]],
        BODY,
    ),
    "no signature": (METHOD, list(SAID), BODY),
    "no meaning": (METHOD, [*SAID, (HEADER, "alarm.x.y")], BODY),
    "another sender": (
        METHOD,
        [*SAID, (HEADER, signed()[3][1].replace("alarm", "workflow"))],
        BODY,
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_call_is_refused(forgery: str) -> None:
    with pytest.raises(Denied, match="NOT_FROM_INSIDE"):
        Signed(flow())(*FORGERIES[forgery])


def test_a_captured_call_is_refused_after_two_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    captured, now = signed(), time.time()
    for later, refused in ((FRESH - 5, False), (FRESH + 5, True), (-FRESH - 5, True)):
        monkeypatch.setattr(time, "time", lambda later=later: now + later)
        if refused:
            with pytest.raises(Denied):
                Signed(flow())(METHOD, captured, BODY)
        else:
            Signed(flow())(METHOD, captured, BODY)


def test_a_signature_on_a_topic_is_as_long_as_the_release_before_reads_it() -> None:
    signed = alarm().sign(b"said")
    told = bytes.fromhex(header_of(signed)[1].decode())
    assert len(told) == ID + 64 and signed.startswith(told)
    assert Signatures("workflow", FLOW, TOLD).is_signed("alarm", b"said", told)
