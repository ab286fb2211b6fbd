"""The kinds of clocks and questions, as data: the events that end each, and the answerer.

An event ends exactly the clocks and questions whose kind names it; no use case ends them all.
"""

from collections.abc import Mapping

from msgspec import Struct

from backbone.words.clock import KindOfClock, table

SIGN_IN = "SIGN_IN"  # 签收: a unit claims the offered incident
CLAIM_IDLE = "CLAIM_IDLE"  # the holder reports progress
HAND_OFF_ANSWER = "HAND_OFF_ANSWER"  # 转办答复
RETURN_ANSWER = "RETURN_ANSWER"  # 退回答复
OBJECTION_ANSWER = "OBJECTION_ANSWER"  # 异议答复
ESCALATION_ANSWER = "ESCALATION_ANSWER"  # 提级答复
ARRIVAL = "ARRIVAL"  # 到场或首次反馈
FEEDBACK = "FEEDBACK"  # 办结反馈

HAND_OFF = "HAND_OFF"  # 转办
RETURN = "RETURN"  # 申请退回
OBJECTION = "OBJECTION"  # 对交办的异议
ESCALATION = "ESCALATION"  # 提级


class KindOfQuestion(Struct, frozen=True):
    """A question from one unit to another: its answer clock, and the events that end it.

    `superior_answers`: after silence the superior may answer too. `missing` is the reason for an
    answer without a question, `denied` the reason for an answer by another unit; they are empty
    where the answers are verbs that need no question.
    """

    kind: str
    clock: str
    ends_on: frozenset[str]
    superior_answers: bool
    missing: str = ""
    denied: str = ""


# A settled incident (`settling`) ends while questions are open.
_OVER = {"IncidentResolved", "IncidentClosed", "IncidentVoided", "IncidentMerged"}
_DECIDED = {"UnitDesignated", "IncidentAssigned", "AccusedWithdrawn"} | _OVER
_CHANGES_HANDS = {"IncidentClaimed", "IncidentReleased", "ClaimLapsed"}
LEAVES_THE_UNIT = _DECIDED | {
    "IncidentLeftInTriage",
    "IncidentOffered",
    "HandOffAccepted",
    "ReturnAccepted",
    "ObjectionUpheld",
}
QUESTIONS: Mapping[str, KindOfQuestion] = {
    each.kind: each
    for each in (
        KindOfQuestion(
            HAND_OFF,
            HAND_OFF_ANSWER,
            frozenset(_DECIDED | _CHANGES_HANDS | {"HandOffAccepted", "HandOffRefused"}),
            superior_answers=False,
            missing="NO_HAND_OFF_PENDING",
            denied="NOT_YOUR_UNIT",
        ),
        KindOfQuestion(
            RETURN,
            RETURN_ANSWER,
            frozenset(_DECIDED | _CHANGES_HANDS | {"ReturnAccepted", "ReturnRejected"}),
            superior_answers=True,
            missing="NO_RETURN_PENDING",
            denied="NOT_THE_SENDER",
        ),
        # A unit objects once, so a clerk's claim does not end the objection of the unit.
        KindOfQuestion(
            OBJECTION,
            OBJECTION_ANSWER,
            frozenset(_DECIDED | {"ObjectionUpheld", "ObjectionRejected"}),
            superior_answers=True,
            missing="NO_OBJECTION_PENDING",
            denied="NOT_THE_GIVER",
        ),
        # A claim is the yes of the superior, its request to return it the no.
        KindOfQuestion(
            ESCALATION,
            ESCALATION_ANSWER,
            frozenset(
                _DECIDED
                | {"IncidentClaimed", "ReturnRequested", "ReturnAccepted", "ObjectionUpheld"}
            ),
            superior_answers=False,
        ),
    )
}
CLOCKS: Mapping[str, KindOfClock] = table(
    [
        # In a pool, the record of the intake tells of progress: the work has begun.
        KindOfClock(
            SIGN_IN,
            stops_on=frozenset(LEAVES_THE_UNIT | {"IncidentClaimed", "ProgressReported"}),
        ),
        KindOfClock(
            CLAIM_IDLE,
            stops_on=frozenset(
                LEAVES_THE_UNIT
                | {"IncidentReleased", "ClaimLapsed", "IncidentReassigned", "ProgressReported"}
            ),
        ),
        *(KindOfClock(each.clock, stops_on=each.ends_on) for each in QUESTIONS.values()),
        KindOfClock(
            ARRIVAL, stops_on=frozenset(LEAVES_THE_UNIT | {"ProgressReported", "TeamArrived"})
        ),
        KindOfClock(FEEDBACK, stops_on=frozenset(LEAVES_THE_UNIT)),
    ]
)
# The kinds of clocks that an event stops, by event type.
STOPPED_BY: Mapping[str, frozenset[str]] = {
    event: frozenset(kind.kind for kind in CLOCKS.values() if event in kind.stops_on)
    for event in frozenset().union(*(kind.stops_on for kind in CLOCKS.values()))
}
# The clocks of the handling; they run on inside a unit.
HANDLING = frozenset({ARRIVAL, FEEDBACK})
# A claim is not idle while it waits for another unit's answer.
SILENT_WHILE_ASKED = frozenset({CLAIM_IDLE})
