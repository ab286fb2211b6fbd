"""The rights: for each RPC of a contract the roles, by their relation to the record. Pure.

A role may do what a row says to a record that it sees (`backbone.words.sight`). A life cycle asks
for the role, a use case for the relation, with its own reason; the routes admit the roles of the
rows. `docs/rights.md` is written from here; each of its cells is tried on the life cycles.
"""

from collections.abc import Mapping

from backbone.words.field_rights import DIRECTORY, EMERGENCY
from backbone.words.right import INSIDE, Relation, Right, Row, may
from backbone.words.roles import (
    ANSWERERS,
    AUDITORS,
    CALL_BACK_MAKERS,
    CALLER_REVEALERS,
    DESKS,
    DISPATCHERS,
    HANDLERS,
    PARTNERS,
    READERS,
    SUPERIORS,
    SUPERVISORS,
    TAKERS,
    TEAM_SENDERS,
    VERIFIERS,
    Roles,
    roles,
)
from backbone.words.sight import ALARM as OF_ALARM
from backbone.words.sight import CARE, DISPUTE, PETITION, SOURCES

R = Relation
HEADS = roles("head")
# The desk of a petition, a need of care or an accusation: its clerks decide, too.
KEEPERS = SUPERIORS | roles("clerk")
PRIORITISERS = TAKERS | DISPATCHERS | HANDLERS
READ = may((R.SEEN, READERS))
ANSWER = may((R.SENDER, HANDLERS | VERIFIERS | SUPERIORS))
MOVE = may((R.DESK, SUPERIORS), (R.KEEPER, KEEPERS), (R.AREA, DISPATCHERS), (R.RAISED, SUPERIORS))
HOLD, WORK = may((R.HOLDER, HANDLERS)), may((R.UNIT, HANDLERS))
# No other desk knows of a petition or of a need of care: their own staff makes the call-back.
OFFICE = roles("receptionist", "clerk", "head", "duty_officer", "centre_director")
CALLS_BACK: Mapping[str, Roles] = {
    PETITION: OFFICE | roles("leader"),
    CARE: roles("care_worker", "head", "clerk", "leader"),
}
OF_CALLS = frozenset({OF_ALARM})
OPEN_TO_110 = SOURCES - CALLS_BACK.keys()
# A unit that has handled it never verifies it.
VERIFY = Right(
    (
        Row(R.DESK, VERIFIERS, OPEN_TO_110),
        Row(R.AREA, roles("dispatcher", "centre_director"), OPEN_TO_110),
        Row(R.DESK, CALL_BACK_MAKERS, frozenset({DISPUTE})),
        Row(R.AREA, CALL_BACK_MAKERS, frozenset({DISPUTE})),
        *(Row(R.DESK, found, frozenset({source})) for source, found in CALLS_BACK.items()),
        Row(R.AREA, roles("leader"), frozenset(CALLS_BACK)),
    ),
    but=frozenset({R.UNIT}),
)


def verifiers_of(source: str) -> Roles:
    """The roles that make the call-back of a matter of this source."""
    return CALLS_BACK.get(source, VERIFIERS)


INCIDENT: Mapping[str, Right] = {
    "OpenIncident": INSIDE,
    "AmendMatter": INSIDE,
    "LinkCaller": INSIDE,
    "UnlinkCaller": INSIDE,
    "SettleIncident": INSIDE,
    "ListIncidents": may((R.SEEN, READERS), (R.ASKED, PARTNERS)),
    "GetIncident": READ,
    "ReadIncident": INSIDE,
    "GetTimeline": READ,
    "ListClocks": READ,
    "ExplainRoute": READ,
    "TakeNext": WORK,
    "SettleLink": may((R.SEEN, DESKS | SUPERIORS)),
    "RouteIncident": MOVE,
    "DesignateUnit": MOVE,
    "ClaimIncident": WORK,
    "ReleaseIncident": HOLD,
    "RequestReturn": WORK,
    "AcceptReturn": ANSWER,
    "RejectReturn": ANSWER,
    "HandOffIncident": HOLD,
    "AcceptHandOff": may((R.ASKED, HANDLERS)),
    "RefuseHandOff": may((R.ASKED, HANDLERS)),
    "AssignIncident": may((R.ABOVE, SUPERIORS), (R.OVER, SUPERIORS - HEADS)),
    "ObjectToAssignment": WORK,
    "UpholdObjection": ANSWER,
    "RejectObjection": ANSWER,
    "ReassignIncident": may((R.UNIT, HANDLERS), but={R.HOLDER}),
    "EscalateIncident": may((R.HOLDER, HANDLERS), (R.UNIT, HEADS)),
    "ReportProgress": HOLD,
    "ResolveIncident": HOLD,
    "VerifyIncident": VERIFY,
    "ReworkIncident": VERIFY,
    "CloseIncident": VERIFY,
    "VoidIncident": may((R.AREA, DISPATCHERS), (R.KEEPER, KEEPERS), (R.RAISED, SUPERIORS)),
    "UrgeIncident": may(
        (R.DESK, DESKS | roles("clerk", "head")), (R.AREA, DISPATCHERS | SUPERVISORS)
    ),
    "MergeIncident": Right(
        (Row(R.AREA, DISPATCHERS, OF_CALLS), Row(R.RAISED, DISPATCHERS, OF_CALLS)),
    ),
    "UndoMerge": Right(
        (
            Row(R.AREA, roles("dispatcher", "leader", "duty_officer"), OF_CALLS),
            Row(R.RAISED, SUPERIORS, OF_CALLS),
        )
    ),
    "UndoVoid": may(
        (R.AREA, roles("dispatcher", "leader", "duty_officer")),
        (R.KEEPER, KEEPERS),
        (R.RAISED, SUPERIORS),
    ),
    "SetPriority": may((R.HOLDER, PRIORITISERS), (R.DESK, PRIORITISERS), (R.AREA, DISPATCHERS)),
}

SUPERVISE = may((R.SUPERVISOR, SUPERVISORS))
SUPERVISION: Mapping[str, Right] = {
    "ListSupervisions": READ,
    "GetSupervision": READ,
    "GetSupervisionTimeline": READ,
    "OpenSupervision": may((R.AREA, SUPERVISORS)),
    "AnswerSupervision": may((R.HOLDER, HANDLERS), (R.ASKED, SUPERIORS)),
    "FollowUpSupervision": SUPERVISE,
    "AcceptAnswer": SUPERVISE,
    "RejectAnswer": SUPERVISE,
    "LiftSupervision": SUPERVISE,
}

TAKE = may((R.DESK, TEAM_SENDERS), (R.TAKES, TAKERS), (R.AREA, DISPATCHERS))
TICKETS = may((R.ASKED, ANSWERERS))
ANSWER_TICKETS = may((R.ASKED, ANSWERERS), (R.STAND_IN, DESKS))
ALARM: Mapping[str, Right] = {
    **dict.fromkeys(
        [
            "AmendReceipt",
            "ClassifyReceipt",
            "ConfirmClass",
            "OpenIncident",
            "LinkRepeat",
            "UnlinkRepeat",
            "AnswerAtDesk",
            "PassTo12345",
            "ReferToMediation",
            "MarkInvalid",
            "UndoInvalid",
            "RecordCallBack",
            "CloseReceipt",
        ],
        TAKE,
    ),
    "ReceiveAlarm": may((R.ANY, TAKERS | PARTNERS)),
    "ListReceipts": may((R.SEEN, READERS | PARTNERS)),
    "GetReceipt": may((R.SEEN, READERS | PARTNERS)),
    "DispatchNow": may((R.DESK, TEAM_SENDERS), (R.AREA, DISPATCHERS)),
    "ListTickets": TICKETS,
    "GetTicket": TICKETS,
    "ListOutstanding": INSIDE,
    "FetchTeams": INSIDE,
    "HearMerge": INSIDE,
    "TellCaller": INSIDE,
    "AnswerTicket": ANSWER_TICKETS,
    "RefuseTicket": ANSWER_TICKETS,
    "RevealCaller": may((R.DESK, CALLER_REVEALERS), (R.HOLDER, HANDLERS), (R.AUDITOR, AUDITORS)),
}

PETITION_READERS = OFFICE | roles("supervisor", "leader", "auditor", "signer", "statistician")
AT_OFFICE = may((R.DESK, OFFICE))
HANDLE_PETITION = may((R.DESK, OFFICE), (R.UNIT, OFFICE))
OF_PETITIONS: Mapping[str, Right] = {
    "RegisterPetition": may((R.ANY, OFFICE)),
    "ListPetitions": may((R.SEEN, PETITION_READERS)),
    "GetPetition": may((R.SEEN, PETITION_READERS)),
    "AmendPetition": AT_OFFICE,
    "AcceptPetition": AT_OFFICE,
    "DeclinePetition": AT_OFFICE,
    "ReferPetition": AT_OFFICE,
    "RoutePetition": AT_OFFICE,
    "RecordProgress": HANDLE_PETITION,
    "ReplyPetition": HANDLE_PETITION,
    "ClosePetition": AT_OFFICE,
    "ReissuePin": AT_OFFICE,
    "RevealPetitioner": may((R.DESK, OFFICE), (R.UNIT, OFFICE), (R.AUDITOR, AUDITORS)),
    "TrackPetition": may((R.ANY, roles())),
    "UrgePetition": may((R.ANY, roles())),
}

MEDIATORS = OFFICE | roles("mediator")
AT_CENTRE = may((R.DESK, MEDIATORS))
MEDIATE = may((R.DESK, MEDIATORS), (R.UNIT, MEDIATORS))
OF_DISPUTES: Mapping[str, Right] = {
    "RegisterDispute": may((R.ANY, MEDIATORS | roles("grid_member", "grid_leader", "dispatcher"))),
    "ListDisputes": READ,
    "GetDispute": READ,
    "NameParties": MEDIATE,
    "AcceptDispute": AT_CENTRE,
    "RefuseDispute": AT_CENTRE,
    "RouteDispute": AT_CENTRE,
    "HoldSession": MEDIATE,
    "RecordAgreement": MEDIATE,
    "FailMediation": MEDIATE,
    "CloseDispute": AT_CENTRE,
    "RevealParties": may((R.DESK, MEDIATORS), (R.UNIT, MEDIATORS), (R.AUDITOR, AUDITORS)),
}

CARERS = roles("care_worker", "head")
CARE_READERS = CARERS | roles("clerk", "receptionist", "auditor")
CARE_HEAD = may((R.UNIT, HEADS))
CARE_FOR = may((R.HOLDER, CARERS), (R.UNIT, HEADS))
POPULATION: Mapping[str, Right] = {
    "RegisterCareCase": may((R.ANY, CARERS | roles("clerk", "receptionist"))),
    "ListCareCases": may((R.SEEN, CARE_READERS)),
    "GetCareCase": may((R.SEEN, CARE_READERS)),
    "ReceiveCareCase": CARE_HEAD,
    "EntrustCareCase": CARE_HEAD,
    "SetCareClass": CARE_FOR,
    "PlanVisit": CARE_FOR,
    "RecordVisit": CARE_FOR,
    "RequestService": CARE_FOR,
    "RecordServiceResult": CARE_FOR,
    "EndCareCase": CARE_HEAD,
    "SealCareCase": CARE_HEAD,
    "ForgetPerson": CARE_HEAD,
    "KeepTexts": INSIDE,
    "GiveSpans": INSIDE,
    "RevealPerson": may((R.HOLDER, CARERS), (R.UNIT, HEADS), (R.AUDITOR, AUDITORS)),
}

# By the name of the contract's service.
RIGHTS: Mapping[str, Mapping[str, Right]] = {
    "IncidentService": INCIDENT,
    "SupervisionService": SUPERVISION,
    "AlarmService": ALARM,
    "PetitionService": OF_PETITIONS,
    "DisputeService": OF_DISPUTES,
    "PopulationService": POPULATION,
    "EmergencyService": EMERGENCY,
    "DirectoryService": DIRECTORY,
}
