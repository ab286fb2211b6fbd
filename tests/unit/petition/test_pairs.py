"""Pairs 联动: what each state of the incident means for the petition, in every state of that."""

import pytest
from msgspec.structs import replace

from backbone.words.errors import InvalidTransition
from backbone.words.followed import FollowIncident
from services.petition.petition.disclosure import RevealPetitioner
from services.petition.petition.handling import RecordProgress, ReplyPetition
from services.petition.petition.pairs import FILED, require_handed_out
from services.petition.petition.record import Petition, State
from services.petition.petition.routing import RoutePetition
from tests.unit.petition.petitions import (
    ACCEPT,
    CLAIMED,
    CLOSE,
    DESK,
    LI,
    REGISTER,
    REPLY,
    RESOLVED,
    ROUTE,
    after,
    decide,
    refusal_of,
)

ASSIGNED = after(REGISTER, ACCEPT, ROUTE)
HANDLING = after(CLAIMED, petition=ASSIGNED)
DONE = after(RESOLVED, petition=HANDLING)
FOUND = {
    State.ASSIGNED: ASSIGNED,
    State.HANDLING: HANDLING,
    State.REPLIED: after(REPLY, petition=DONE),
    State.CLOSED: after(REPLY, CLOSE, petition=DONE),
}
REPORTED = FollowIncident("ProgressReported", 6, state="HANDLING")
CLOSED = FollowIncident("IncidentClosed", 9, state="CLOSED", outcome="SOLVED", reply="已修")
VOIDED = FollowIncident("IncidentVoided", 9, state="VOIDED")
REINSTATED = FollowIncident("IncidentReinstated", 9, state="OFFERED", holder="")
REWORKED = FollowIncident("IncidentReworked", 9, state="OFFERED", holder="", outcome="", reply="")

TABLE = {
    # state of the petition: after a report, CLOSED, VOIDED, REINSTATED and REWORKED
    State.ASSIGNED: ("HANDLING", "CLOSED", "ACCEPTED", "ASSIGNED", "ASSIGNED"),
    State.HANDLING: ("HANDLING", "CLOSED", "ACCEPTED", "ASSIGNED", "ASSIGNED"),
    State.REPLIED: ("REPLIED", "CLOSED", "REPLIED", "ASSIGNED", "ASSIGNED"),
    State.CLOSED: ("CLOSED", "CLOSED", "CLOSED", "CLOSED", "CLOSED"),
}
STEPS = (REPORTED, CLOSED, VOIDED, REINSTATED, REWORKED)


@pytest.mark.parametrize(
    ("state", "step", "expected"),
    [
        (state, step, expected)
        for state, row in TABLE.items()
        for step, expected in zip(STEPS, row, strict=True)
    ],
)
def test_every_pair_of_the_table(state: State, step: FollowIncident, expected: str) -> None:
    moved = after(step, petition=FOUND[state])
    assert moved.state == expected
    assert decide(moved, step) == [], "the same step, delivered twice"


def test_a_petition_that_its_incident_has_closed_has_the_verified_reply() -> None:
    ending = after(CLOSED, petition=HANDLING).ending
    assert ending is not None and (ending.reply, ending.close_time) == ("已修", ending.reply_time)
    told = after(FollowIncident("IncidentClosed", 9, state="CLOSED"), petition=HANDLING).ending
    assert told is not None and told.reply == FILED


def test_the_reply_of_the_desk_is_not_replaced_when_the_incident_is_closed() -> None:
    replied = FOUND[State.REPLIED]
    assert replied.ending is not None
    ending = after(CLOSED, petition=replied).ending
    assert ending is not None and ending.reply == replied.ending.reply


def test_what_was_taken_back_is_replied_to_by_its_desk_and_not_opened_again() -> None:
    back = after(VOIDED, petition=HANDLING)
    assert refusal_of(back, RoutePetition(DESK, "north")) == "ALREADY_OPEN"
    assert after(REPLY, CLOSE, petition=back).state is State.CLOSED


@pytest.mark.parametrize("state", ["VOIDED", "TRIAGE"])
def test_the_unit_that_has_it_no_more_tells_the_petitioner_nothing(state: str) -> None:
    assert decide(HANDLING, RecordProgress(LI, "已到场"))
    taken = after(FollowIncident("IncidentVoided", 9, state=state), petition=HANDLING)
    for command in (
        RecordProgress(LI, "已到场"),
        ReplyPetition(LI, "已修"),
        RevealPetitioner(LI, "回访"),
    ):
        assert refusal_of(taken, command) == "NOT_YOUR_UNIT"
    assert decide(taken, RevealPetitioner(DESK, "回访"))


def test_a_void_that_is_undone_gives_it_back_to_the_unit() -> None:
    restored = FollowIncident("IncidentRestored", 10, state="HANDLING")
    assert after(VOIDED, restored, petition=HANDLING).state is State.HANDLING


def test_a_reply_to_a_void_is_none_any_more_once_that_is_undone() -> None:
    """Else the reply of the unit that works on it now would not reach the petitioner."""
    replied = after(VOIDED, REPLY, petition=HANDLING)
    again = after(replace(REINSTATED, version=10), petition=replied)
    assert (again.state, again.ending) == (State.ASSIGNED, None)
    done = FollowIncident("IncidentResolved", 12, state="RESOLVED", outcome="SOLVED", reply="已修")
    told = after(done, ReplyPetition(DESK), petition=again).ending
    assert told is not None and told.reply == "已修"


def test_an_end_names_the_incident_that_it_moves_and_without_one_names_none() -> None:
    [closing] = decide(FOUND[State.REPLIED], CLOSE)
    assert closing.incident_id == HANDLING.id
    [alone] = decide(after(REGISTER, ACCEPT, REPLY), CLOSE)
    assert alone.incident_id is None


@pytest.mark.parametrize(
    ("petition", "reason"),
    [
        (after(REGISTER), "NOT_HANDED_OUT"),
        (after(REGISTER, ACCEPT), "NOT_HANDED_OUT"),
        (ASSIGNED, "NOT_HANDED_OUT"),  # its incident is still being opened
        (after(REGISTER, ACCEPT, REPLY), "NOTHING_TO_URGE"),
        (after(REGISTER, ACCEPT, REPLY, CLOSE), "NOTHING_TO_URGE"),
    ],
)
def test_what_no_unit_has_yet_is_not_said_to_be_over(petition: Petition, reason: str) -> None:
    petition = replace(petition, handling=replace(petition.handling, incident=None))
    with pytest.raises(InvalidTransition) as caught:
        require_handed_out(petition)
    assert (caught.value.reason, caught.value.facts["state"]) == (reason, petition.state)


def test_a_petition_with_an_incident_is_urged_there() -> None:
    for petition in (HANDLING, FOUND[State.CLOSED]):
        require_handed_out(petition)
