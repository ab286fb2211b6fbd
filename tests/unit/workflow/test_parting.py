"""A merged incident follows the accusation of its host, or is parted from it."""

from msgspec.structs import replace

from backbone.words.actor import CLOCK
from services.workflow.incident import may_see
from services.workflow.incident.amending import SetPriority
from services.workflow.incident.closing import VoidIncident
from services.workflow.incident.merging import UndoMerge
from services.workflow.incident.parting import FollowHost
from services.workflow.incident.record import Incident, State
from services.workflow.incident.reinstating import UndoVoid
from tests.incidents import DESK, LI, OFFERED, after, changed, who_has
from tests.life_cycles import Legal, UseCase, reason_of
from tests.unit.workflow.test_amending import a_correction
from tests.unit.workflow.test_merging import MERGE, OTHER, OTHER_ID, lived

MERGED = lived(OFFERED, MERGE)
ANOTHER = replace(DESK, user="qian")
FOLLOW = FollowHost(OTHER_ID)


def legal(**parts: object) -> tuple[Legal, ...]:
    return (Legal(FOLLOW),)


USE_CASE = UseCase(
    verbs=frozenset({"FollowHost"}),
    legal=legal,
    rights={
        "an incident": "FollowHost in MERGED\n",
        "an incident that accuses the unit of its own place": "FollowHost in \n",
    },
)


def accusing(found: Incident, against: str) -> Incident:
    return after(a_correction(4, against=against), found=found)


def test_it_accuses_with_its_host_and_is_hidden_from_the_accused() -> None:
    found = lived(MERGED, FOLLOW, other=changed(OTHER, against="north"))
    assert (found.state, found.matter.against, found.watched_area) == (State.MERGED, "north", "")
    assert "north" not in found.readers and "command" in found.readers
    hidden = reason_of(lambda: may_see(found, SetPriority(LI, "P1", "")))
    assert hidden == "NO_SUCH_INCIDENT"
    assert lived(found, FOLLOW, other=changed(OTHER, against="north")) == found
    undone = lived(found, UndoMerge(ANOTHER, "两起"))
    assert who_has(undone) == (State.TRIAGE, "", "command", "")


def test_it_is_parted_from_a_host_that_accuses_its_own_desk() -> None:
    found = lived(MERGED, FOLLOW, other=changed(OTHER, against="command"))
    assert (found.state, found.matter.against, found.ending.merged_code) == (State.OFFERED, "", "")
    assert found.charge.unit == "north"


def test_an_accusation_that_crossed_the_merge_is_parted_and_leaves_the_accused() -> None:
    late = lived(accusing(MERGED, "north"), FOLLOW)
    assert who_has(late) == (State.TRIAGE, "", "command", "")
    assert late.matter.against == "north" and "north" not in late.readers


def test_a_host_that_accuses_nobody_parts_nothing() -> None:
    assert lived(MERGED, FOLLOW) == MERGED
    assert (
        lived(MERGED, FollowHost(OFFERED.id, CLOCK), other=changed(OTHER, against="north"))
        == MERGED
    )


def test_what_accuses_a_unit_since_its_end_never_goes_back_to_it() -> None:
    voided = after(VoidIncident(DESK, "HOAX"), found=OFFERED)
    undone = after(UndoVoid(ANOTHER, "真实警情"), found=accusing(voided, "north"))
    assert who_has(undone) == (State.TRIAGE, "", "command", "")
