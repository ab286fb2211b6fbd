"""The inbox 待办: for which units an incident waits, why, and since when. Pure.

Each reason is a row here and a sentence in the gateway's `waits.yaml`. What another part of the
system wants to put before a desk becomes an event of the incident, and a row here.
"""

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from backbone.words.actor import Actor
from backbone.words.place import contains
from backbone.words.rights import verifiers_of
from backbone.words.sight import is_blind
from services.workflow.incident.kinds import ARRIVAL, FEEDBACK, QUESTIONS, SIGN_IN
from services.workflow.incident.record import HELD, OVER, Incident, Question, State

POOL = "POOL"  # 待认领
HOLDING = "HELD"  # 办理中
TRIAGE = "TRIAGE"  # 待分流
CALL_BACK = "CALL_BACK"  # 待回访
REWORK = "REWORK"  # 未解决，待另一人退回重办
FILING = "FILING"  # 已回访，待归档
DESIGNATION = "DESIGNATION"  # 待指定管辖
ANSWER_OWED = "SUPERVISION_OWED"  # 督办待回复
ANSWERED = "SUPERVISION_ANSWERED"  # 督办已回复，待审核
ANSWER_LATE = "SUPERVISION_LATE"  # 督办逾期未回复
LAPSED = {clock: f"{clock}_LAPSED" for clock in (SIGN_IN, ARRIVAL, FEEDBACK)}  # 超时
RAISED = {kind: f"{kind}_RAISED" for kind in QUESTIONS}  # 逾期未答复，提请裁定

# Alerts of missions, what wants a team, and what was passed on in vain, stand beside the incidents
# in the inbox of a desk.
ALERTED = {
    each: f"TEAM_{each}"
    for each in (
        "UNANSWERED",
        "REFUSED",
        "RECALL_UNCONFIRMED",
        "MATTER_PARTED",
        "MATTER_REOPENED",
        "MATTER_LEFT",
        "ACCUSED",
    )
}
TEAM_MISSING = "TEAM_MISSING"  # 紧急警情无队伍
LINK_REFUSED = "LINK_REFUSED"
PASSED = {each: f"PASSED_{each}" for each in ("LAPSED", "RETURNED")}
PASSED["DANGER"] = "DANGER_TOLD"  # 处置后又报险情
PASSED["ACCUSATION"] = "ACCUSATION_TOLD"  # 转出后又反映单位
TICKET = "TICKET"  # 工单待答复
HAND_OVER_LATE = "CARE_HAND_OVER_LATE"  # 帮扶移交逾期未接收
VISIT_MISSED = "CARE_VISIT_MISSED"  # 走访逾期
CARED = frozenset({HAND_OVER_LATE, VISIT_MISSED})
BESIDE = frozenset(
    {*ALERTED.values(), *PASSED.values(), *CARED, TEAM_MISSING, LINK_REFUSED, TICKET}
)
# What follows the work, for those who make the call-backs.
AFTER_WORK = frozenset({CALL_BACK, REWORK, FILING})
# For these it waits for its supervisor alone.
JUDGED = frozenset({ANSWERED, ANSWER_LATE})
SUPERVISED = JUDGED | {ANSWER_OWED}
REASONS = frozenset(
    {
        POOL,
        HOLDING,
        TRIAGE,
        *AFTER_WORK,
        DESIGNATION,
        *QUESTIONS,
        *LAPSED.values(),
        *RAISED.values(),
    }
    | SUPERVISED
    | BESIDE
)
# They also stand in the inbox of the dispatchers and leaders of the area.
ALERTS = frozenset({TRIAGE, DESIGNATION, *LAPSED.values(), *RAISED.values()})
# The roles that the city pack names make the call-backs of disputes all over their area: the centre
# of a township often has no person who may.
MEDIATED = "DISPUTE"
# The office replies to its petition, which ends both: any of its staff may.
REPLIED = "PETITION"
OF_AREA = "*"
# Who makes the call-backs of disputes all over the area looks under this.
OF_LINE = "+"
OVERDUE = "OVERDUE"
# What a call-back has found where the work is to be done again, and how often it may be.
UNSOLVED, REWORKS = "NO", 2


class Waiting(Struct, frozen=True):
    """The unit must do something, for this reason; `overdue`: the time for it is over."""

    unit: str
    reason: str
    since: datetime
    overdue: bool = False


def waits_of(incident: Incident) -> tuple[Waiting, ...]:
    """All reasons for which it waits; those of the unit that has it come first."""
    state, charge = incident.state, incident.charge
    if state in OVER:
        return ()
    if state is State.RESOLVED:
        return (_after_work(incident), *_supervised(incident))
    late = _late(incident)
    waits = [_having(incident, late)]
    if charge.raised_to:
        since = charge.raise_time or charge.unit_time or incident.open_time
        waits.append(Waiting(charge.raised_to, DESIGNATION, since))
    for question in incident.questions:
        waits += _asked(question)
    return (*waits, *late, *_supervised(incident))


def _after_work(incident: Incident) -> Waiting:
    """The desk calls back; then it files the matter, or another person there sends it back."""
    reason = CALL_BACK
    if incident.ending.solved:
        reason = REWORK if is_to_be_reworked(incident) else FILING
    return Waiting(incident.matter.desk, reason, incident.time)


def is_to_be_reworked(incident: Incident) -> bool:
    """Whether the call-back found it unsolved, and it may be sent back once more."""
    return incident.ending.solved == UNSOLVED and incident.counts.reworks < REWORKS


def _having(incident: Incident, late: list[Waiting]) -> Waiting:
    """The unit that has it in its pool, in its hands or in triage."""
    charge, state = incident.charge, incident.state
    since = charge.unit_time or incident.open_time
    if state in HELD:
        return Waiting(charge.unit, HOLDING, since)
    if state is not State.OFFERED:
        return Waiting(charge.accountable_unit, TRIAGE, since)
    overdue = any(each.reason == LAPSED[SIGN_IN] for each in late)
    return Waiting(charge.unit, POOL, since, overdue)


def _asked(question: Question) -> list[Waiting]:
    kind, raised_to = question.kind, question.raised_to
    asked = Waiting(question.to_unit, kind, question.ask_time, bool(raised_to))
    if not raised_to or kind not in RAISED:
        return [asked]
    return [asked, Waiting(raised_to, RAISED[kind], question.due_time, overdue=True)]


def _late(incident: Incident) -> list[Waiting]:
    """A sign-in that is late is told to the desk; the handling also to the unit itself."""
    found: list[Waiting] = []
    for each in incident.clocks:
        if each.lapse_time is None or each.kind not in LAPSED:
            continue
        unit, desk = incident.charge.unit, incident.matter.desk
        units = (desk,) if each.kind == SIGN_IN or unit in ("", desk) else (unit, desk)
        reason, since = LAPSED[each.kind], each.lapse_time
        found += [Waiting(unit, reason, since, overdue=True) for unit in units]
    return found


def _supervised(incident: Incident) -> list[Waiting]:
    """The units that owe an answer, and the supervisors of those that have answered or are late.

    It comes last: `/v1/supervisions` lists it too, also for what is over.
    """
    found: list[Waiting] = []
    for each in incident.supervisions:
        since = each.due_time or incident.open_time
        found += [
            Waiting(unit, ANSWER_OWED, each.ask_time or incident.open_time, unit in each.late_by)
            for unit in each.owed_by
        ]
        if each.late_by:
            found.append(Waiting(each.unit, ANSWER_LATE, since, overdue=True))
        if each.answered_by:
            found.append(Waiting(each.unit, ANSWERED, incident.time))
    return found


def makes_call_backs(incident: Incident, role: str, of_disputes: Collection[str]) -> bool:
    """Whether the role makes the call-back; `of_disputes` are the roles of the city pack."""
    source = incident.matter.source
    return role in verifiers_of(source) or (source == MEDIATED and role in of_disputes)


def shown_to(incident: Incident, actor: Actor, of_disputes: Collection[str]) -> tuple[Waiting, ...]:
    """The reasons that concern the actor's unit; a call-back only if the role may make it."""
    waits = waits_of(incident)
    makes = makes_call_backs(incident, actor.role, of_disputes)
    may_call_back = makes or incident.matter.source == REPLIED
    mine = [
        each
        for each in waits
        if each.unit == actor.unit and (each.reason not in AFTER_WORK or may_call_back)
    ]
    directs = actor.role in of_disputes and incident.matter.source == MEDIATED
    directs &= not is_blind(actor.role, incident.facts.source)
    if directs and contains(actor.area, incident.watched_area):
        mine += [each for each in waits if each.reason in AFTER_WORK and each not in mine]
    return tuple(mine)


def waits_for(incident: Incident) -> tuple[str, ...]:
    """The units in whose inbox it stands."""
    return units_of(waits_of(incident))


def units_of(waits: tuple[Waiting, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.unit for each in waits))


def keys_of(waits: tuple[Waiting, ...]) -> tuple[str, ...]:
    """The keys that lists look for: `<unit> <reason>`, and the same with OF_AREA for an alert, with
    OF_LINE for what follows the work."""
    keys: dict[str, None] = {}
    for each in waits:
        places = [each.unit]
        places += [OF_AREA] if each.reason in ALERTS else []
        places += [OF_LINE] if each.reason in AFTER_WORK else []
        for place in places:
            keys |= dict.fromkeys([key(place, each.reason)])
            if each.overdue:
                keys |= dict.fromkeys([key(place, OVERDUE)])
    return tuple(keys)


def is_alert(key: str) -> bool:
    return key.startswith(OF_AREA)


def key(place: str, reason: str) -> str:
    return f"{place} {reason}"
