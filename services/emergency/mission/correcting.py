"""Corrections 更正: facts of the matter changed, and its open missions get the next revision."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, change, verb
from backbone.words.guards import PRIORITIES
from backbone.words.heard_report import HeardReport
from services.emergency.mission.apart import different, facts_of, stated
from services.emergency.mission.awaiting import speaks_for
from services.emergency.mission.recalling import ReopenMatter, WithdrawMission, lacks_team
from services.emergency.mission.record import (
    OVER,
    UNANSWERED,
    UNDER_WAY,
    Heard,
    Mission,
    MissionCorrection,
    MissionFacts,
    Order,
    State,
    Statements,
)
from services.emergency.mission.repeats import pause_after
from services.emergency.mission.rungs import Ladder, begun_anew, the_same

# A team that drives to the wrong place, or into a danger, has to say that it has heard.
TO_BE_SIGNED = frozenset({"place", "category", "danger"})


class ReviseMission(Struct, frozen=True):
    """The facts of the matter after its correction; `receipt` is where it comes from.

    `ladder` is the city's for the corrected priority, `acknowledge_seconds` its time to sign.
    `heard` is the version of the receipt or incident that had these facts; 0 is not known. `matter`
    is the one whose facts they are: a mission that has left it meanwhile has those of another one.
    `catches_up`: the incident was asked since the mission has joined it. `heard_reports`: what that
    one had heard of its receipts. `is_apart`: it is that of what the report has become elsewhere.
    `changed` are the facts that were corrected, where the incident's event says so.
    """

    facts: MissionFacts
    reason: str = ""
    receipt: str = ""
    ladder: Ladder | None = None
    acknowledge_seconds: int = 60
    heard: Heard = Heard()
    matter: UUID | None = None
    catches_up: bool = False
    persons: tuple[str, ...] = ()
    heard_reports: tuple[HeardReport, ...] = ()
    is_apart: bool = False
    changed: tuple[str, ...] = ()


class MissionRevised(Struct, frozen=True):
    """`changed` and `was` compare with what the team has signed for, or was sent with.

    `ladder` begins anew with this revision; None leaves the mission's ladder as it is.
    """

    time: datetime
    revision: int
    changed: tuple[str, ...]
    facts: MissionFacts
    was: MissionFacts
    reason: str
    receipt: str
    asks: bool
    acknowledge_by: datetime
    due_time: datetime | None
    ladder: Ladder | None = None
    heard: Heard = Heard()
    caught_up: bool = False
    persons: tuple[str, ...] = ()
    apart: Statements | None = None


class MissionCaughtUp(Struct, frozen=True):
    """The mission knows more than before, and its team is told nothing.

    `caught_up`: it has the facts of the incident that it has joined. `heard`: a later link or merge
    has come, to the matter that it belongs to. `persons`: whom its texts name, or must not, as is
    known only now. `apart`: what two desks have told it.
    """

    time: datetime
    heard: Heard
    caught_up: bool = False
    merged: int = 0
    persons: tuple[str, ...] = ()
    apart: Statements | None = None


def revise(
    mission: Mission, command: ReviseMission, now: datetime, also: Also
) -> list[MissionRevised | MissionCaughtUp]:
    """Facts that stay as they are make no revision. A mission that is over hears of persons alone:
    whom its texts name, or must not."""
    if not mission.is_of(command.matter):
        return []
    persons = new_persons(mission, command)
    if mission.state in OVER:
        return [MissionCaughtUp(now, mission.heard, persons=persons)] if persons else []
    waits = mission.is_behind and mission.awaits.merged and not command.catches_up
    if waits or not speaks_for(mission, command.heard_reports):
        return []
    return _under_way(mission, command, now, persons)


def _under_way(
    mission: Mission, command: ReviseMission, now: datetime, persons: tuple[str, ...]
) -> list[MissionRevised | MissionCaughtUp]:
    heard = _further(mission.heard, command.heard)
    settles = mission.is_behind and command.catches_up
    settled = MissionCaughtUp(now, heard, caught_up=settles, persons=persons)
    nothing = [settled] if settles or persons else []
    if _is_late(mission, command.heard):
        return [*nothing]
    told = (command.facts, command.heard, command.changed)
    said, apart = stated(mission, *told, is_apart=command.is_apart)
    facts = replace(said, narrative=_narrative(mission.order, said.narrative))
    if different(facts_of(mission.order), facts):
        revised = _revised(mission, command, facts, now)
        return [replace(revised, heard=heard, persons=persons, apart=apart)]
    return [replace(settled, apart=apart)] if apart != mission.apart else [*nothing]


def _revised(
    mission: Mission, command: ReviseMission, facts: MissionFacts, now: datetime
) -> MissionRevised:
    """The next revision, with these facts: what it asks of the team, and when it is told again."""
    before, release, pushes = facts_of(mission.order), mission.release, mission.pushes
    new = different(before, facts)
    was = _before(mission, before, facts, new)
    asks = bool(TO_BE_SIGNED & set(new))
    raised = _is_more_urgent(facts.priority, before.priority)
    ladder = _ladder_anew(mission, command.ladder, raised, asks)
    climbs = asks or mission.asks if ladder else is_climbing(mission)
    waits = pushes.due_time is not None or (asks and mission.state not in UNANSWERED)
    window = timedelta(seconds=command.acknowledge_seconds)
    signs = asks or (raised and mission.asks)
    pause = pause_after(release.pauses, attempt=1)
    return MissionRevised(
        time=now,
        revision=pushes.revision + 1,
        changed=different(was, facts),
        facts=facts,
        was=was,
        reason=command.reason,
        receipt=command.receipt,
        asks=asks,
        acknowledge_by=now + window if signs else release.acknowledge_by,
        due_time=now + pause if waits and not climbs else None,
        ladder=ladder,
        caught_up=command.catches_up,
    )


def new_persons(mission: Mission, command: ReviseMission) -> tuple[str, ...]:
    """The persons whom the texts of the mission may name, or must not, as it hears only now."""
    return tuple(each for each in command.persons if each not in mission.order.persons)


def hears(mission: Mission, command: Struct) -> bool:
    """Whether the command says anything to the mission: one that is over hears of persons alone,
    and a recalled one whether its matter goes on."""
    if mission.ending is None or isinstance(command, ReopenMatter):
        return True
    if isinstance(command, WithdrawMission):
        return lacks_team(mission)
    return isinstance(command, ReviseMission) and bool(new_persons(mission, command))


def _is_late(mission: Mission, said: Heard) -> bool:
    """Whether later facts are known. Since an incident has told its own, a receipt's are old, but
    for those that the two tell apart."""
    known = mission.heard
    if said.incident:
        return said.incident < known.incident
    old = bool(known.incident) and mission.apart is None
    return bool(said.receipt) and (old or said.receipt < known.receipt)


def _further(known: Heard, said: Heard) -> Heard:
    return Heard(max(known.receipt, said.receipt), max(known.incident, said.incident))


def _is_more_urgent(priority: str, than: str) -> bool:
    known = priority in PRIORITIES and than in PRIORITIES
    return known and PRIORITIES.index(priority) < PRIORITIES.index(than)


def _ladder_anew(
    mission: Mission, citys: Ladder | None, is_raised: bool, asks: bool
) -> Ladder | None:
    """The ladder that begins with this revision.

    A more urgent priority has a ladder of its own. A revision to be signed for begins the present
    ladder again once that has ended; one that still runs goes on, as the team is silent since then.
    What counts as working time is always the city's of now.
    """
    present = mission.ladder
    raised = citys if is_raised else None
    if raised is None and (present is None or not asks or is_climbing(mission)):
        return None
    known = raised or present
    return the_same(known, citys.working_time if citys else None) if known else None


def is_climbing(mission: Mission) -> bool:
    return mission.ladder is not None and mission.ladder.due_time is not None


def _before(
    mission: Mission, last: MissionFacts, facts: MissionFacts, new: tuple[str, ...]
) -> MissionFacts:
    """The facts that the team has signed for, with which a correction is compared; a fact that has
    come back to its old value is compared with the last one."""
    signed = mission.correction.was if mission.correction else last
    back = [name for name in new if name not in different(signed, facts)]
    return replace(signed, **{name: getattr(last, name) for name in back})


def _narrative(order: Order, narrative: str) -> str:
    """The narrative of the matter with what the desk has added for this team.

    Orders of 0.1.0, which name no receipt, keep that addition in the narrative alone. Of any other
    what follows there was told by a report that has left, and leaves with it.
    """
    if not order.receipt and not order.note and order.narrative.startswith(f"{narrative}\n"):
        return order.narrative
    return "\n".join(filter(None, (narrative, order.note)))


def revised(mission: Mission, event: MissionRevised) -> Mission:
    facts = {name: getattr(event.facts, name) for name in MissionFacts.__struct_fields__}
    facts["persons"] = (*mission.order.persons, *event.persons)
    asked = event.revision if event.asks else mission.pushes.asked
    ladder = mission.ladder
    if event.ladder is not None:
        delivered = mission.state is State.DELIVERED
        ladder = begun_anew(event.ladder, ladder, event.time, delivered)
    return replace(
        mission,
        ladder=ladder,
        order=replace(mission.order, **facts),
        release=replace(mission.release, acknowledge_by=event.acknowledge_by),
        pushes=replace(
            mission.pushes,
            due_time=event.due_time,
            revision=event.revision,
            attempt=1,
            asked=asked,
        ),
        correction=MissionCorrection(
            event.changed, event.was, event.reason, event.receipt, event.time
        ),
        heard=_further(mission.heard, event.heard),
        behind=False if event.caught_up else mission.behind,
        apart=event.apart or mission.apart,
    )


def caught_up(mission: Mission, event: MissionCaughtUp) -> Mission:
    return replace(
        mission,
        heard=_further(mission.heard, event.heard),
        behind=False if event.caught_up else mission.behind,
        merged=max(mission.merged, event.merged),
        apart=event.apart or mission.apart,
        order=replace(mission.order, persons=(*mission.order.persons, *event.persons)),
    )


VERBS = (verb(UNDER_WAY | OVER, revise),)
CHANGES = (change(revised), change(caught_up))
