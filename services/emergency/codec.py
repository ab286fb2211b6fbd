"""Pure mappings: call → command, desk's event → request body, mission ↔ resource, row → frame."""

from datetime import UTC
from typing import Any
from uuid import UUID, uuid5

from msgspec.structs import replace

from backbone.door.decider import EventScope
from backbone.process import clock
from backbone.rpc.caller import Call
from backbone.rpc.ids import named_id
from backbone.wire import fill, to_message, to_record
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.heard_report import HeardReport
from backbone.words.policy import Policy
from backbone.words.reported import codes_in, those_of, without_parts
from backbone.words.sight import ALARM, ORDER, own_of
from liandong.emergency.v1 import emergency_pb2 as resources
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from liandong.incident.v1.incident_pb2 import Incident, Matter
from services.emergency import staffing
from services.emergency.mission import MISSIONS
from services.emergency.mission.correcting import ReviseMission
from services.emergency.mission.dispatching import DispatchMission, Readiness
from services.emergency.mission.ladder import StopLadder
from services.emergency.mission.record import (
    Cause,
    Heard,
    Mission,
    MissionCorrection,
    MissionFacts,
    Order,
    Team,
)
from services.emergency.mission.steps import Crew, Step
from services.emergency.team.status import Duty, SetTeamStatus, TeamStatus

APPLIED, STALE = "APPLIED", "STALE_REVISION"
# In force where the city's policy says nothing.
PAUSES = (10, 20, 40)
ACKNOWLEDGE_SECONDS = 60


def dispatch_id(receipt_id: UUID, order: resources.Order) -> UUID:
    """The request id of a desk's order, over the call and over the event alike."""
    return uuid5(receipt_id, f"dispatch/{order.team}" + (f"/{order.again}" if order.again else ""))


def ordered_matter(order: resources.Order) -> UUID:
    """The matter that an order is about. Raises InvalidArgument for one that names none."""
    try:
        return UUID(order.matter_id)
    except ValueError as error:
        raise InvalidArgument("ORDER_INCOMPLETE", field="matter_id") from error


def ordering_actor(order: resources.Order) -> Actor:
    return Actor(user=order.ordered_by, unit=order.ordered_unit)


def to_dispatch(
    order: resources.Order, city: City, reachable: bool, ready: Readiness, number: int
) -> DispatchMission:
    policy = city.policy
    return DispatchMission(
        order=to_record(order, Order),
        team=_sent(team_of(city, order.team), order.against),
        pauses=pauses_of(policy),
        acknowledge_seconds=policy.acknowledge_seconds if policy else ACKNOWLEDGE_SECONDS,
        reachable=reachable,
        ladder=staffing.frozen(city, order.priority, clock.now()),
        ready=ready,
        number=number,
    )


def to_stop(request: pb.StopLadderRequest, caller: Call) -> StopLadder:
    return StopLadder(caller.actor, caller.team, request.reason)


def to_revision(
    said: Matter | Incident,
    city: City,
    heard: Heard,
    matter: UUID,
    reason: str = "",
    receipt: str = "",
) -> ReviseMission:
    """The correction with what the city's pack says of its priority at this time."""
    facts, policy = to_record(said, MissionFacts), city.policy
    return ReviseMission(
        facts=facts,
        reason=reason,
        receipt=receipt,
        ladder=staffing.frozen(city, facts.priority, clock.now()),
        acknowledge_seconds=policy.acknowledge_seconds if policy else ACKNOWLEDGE_SECONDS,
        heard=heard,
        matter=matter,
        persons=tuple(said.persons),
    )


def is_apart(source: str) -> bool:
    """Whether an incident of this source is that of what a report has become at another desk. Older
    events name none."""
    return own_of(source) not in ("", ALARM)


def heard_reports_of(body: Any) -> tuple[HeardReport, ...]:
    """What an incident had heard of its receipts, as it was read, or as its event tells."""
    return tuple(to_record(each, HeardReport) for each in body.heard_reports)


def pauses_of(policy: Policy | None) -> tuple[int, ...]:
    return tuple(policy.repush_seconds) if policy and policy.repush_seconds else PAUSES


def _sent(team: Team | None, against: str) -> Team | None:
    """The team as the mission keeps it: without its area, the mission is watched by none."""
    return Team(team.unit, "") if team and against else team


def team_of(city: City, code: str) -> Team | None:
    team = city.teams.get(code)
    return Team(team.unit, team.area) if team else None


def to_step(request: Any, by: Crew, **known: Any) -> Step:
    """`known` is what the request cannot say. The request is named like the domain's command."""
    kind = MISSIONS.command(request.DESCRIPTOR.name.removesuffix("Request"))
    step: Step = to_record(request, kind, by=by, **known)
    return step


def to_status_command(
    request: pb.SetTeamStatusRequest, by: Actor, own_team: str, city: City
) -> SetTeamStatus:
    name = resources.TeamStatus.Duty.Name(request.duty).removeprefix("DUTY_")
    return SetTeamStatus(
        by=by,
        own_team=own_team,
        team=request.team,
        of=team_of(city, request.team),
        duty=Duty(name) if request.duty else None,
        note=request.note,
    )


def mission_id(text: str) -> UUID:
    """Raises NotFound for a text that is no id."""
    return named_id(text, "NO_SUCH_MISSION")


def scope(mission: Mission) -> EventScope:
    facts, matter = mission.facts, str(mission.order.matter_id)
    return EventScope(tuple(dict.fromkeys(facts.units)), facts.area, matter, ORDER)


def accusing_scope(mission: Mission) -> EventScope:
    """Of what only an accusation makes: the desk of the matter knows of it, and the auditor."""
    desk, accused = mission.hidden.desk if mission.hidden else "", ",".join(mission.against)
    matter, known = str(mission.order.matter_id), tuple(filter(None, (desk,)))
    return EventScope(known, "", matter, ORDER, accused=accused or "*")


def status_scope(status: TeamStatus) -> EventScope:
    return EventScope((status.unit,), status.area, "", ORDER)


def correction_of(mission: Mission) -> MissionCorrection | None:
    """What the team is shown of its last correction: not the words of a report that has left."""
    correction = mission.correction
    if correction is None:
        return None
    was, now = correction.was, mission.order
    left = codes_in(was.narrative) - codes_in(now.narrative)
    if not left:
        return correction
    narrative = without_parts(was.narrative, left)
    before = replace(was, narrative=narrative, danger=those_of(was.danger, now.danger))
    return replace(correction, was=before)


def to_resource(mission: Mission, seq: int) -> resources.Mission:
    mission = replace(mission, correction=correction_of(mission))
    signed = max(mission.progress.signed, default=0)
    message = to_message(mission, resources.Mission, seq=seq, acknowledged_revision=signed)
    parts = (mission.order, mission.release, mission.pushes, mission.progress, mission.ending)
    for part in (*parts, mission.ladder):
        if part is not None:
            fill(message, part)
    return message


def to_fired(payload: bytes) -> resources.FiredRung:
    """A rung of the ladder from its event, which keeps whom it told."""
    event = EmergencyEvent.FromString(payload)
    said = event.unanswered
    return resources.FiredRung(
        rung=said.rung,
        time=event.meta.time,
        due_time=said.due_time,
        told=said.told,
        missing=said.missing,
        next_teams=said.next_teams,
    )


# The steps of a team on a recalled mission that do not cross the recall.
HEARD = frozenset({"ReceiveMission", "ConfirmRecall"})


def answer_of(request: Any, mission: Mission) -> str:
    """The answer to a step, beside the mission. Raises InvalidTransition if it crossed a recall.

    The step is recorded; the refusal tells the team that it is not to go, or by which other mission
    it goes to the same matter.
    """
    recall = mission.recall
    crossed = request.DESCRIPTOR.name.removesuffix("Request") not in HEARD
    if recall is not None and crossed and recall.cause is Cause.SAME_MATTER:
        raise InvalidTransition("SAME_MATTER", mission=recall.stays, code=mission.order.code)
    if recall is not None and crossed:
        raise InvalidTransition(
            "RECALLED_MEANWHILE",
            by=recall.recalled_by,
            unit=recall.recalled_unit,
            time=recall.recall_time,
            cause=recall.cause,
        )
    seen = getattr(request, "revision", 0)
    return STALE if 0 < seen < mission.pushes.revision else APPLIED


def to_push(row: Any, mission: Mission, cursor: str) -> resources.Push:
    """The frame of a mailbox entry and its mission."""
    push = to_message(
        mission.order,
        resources.Push,
        seq=row["seq"],
        cursor=cursor,
        mission=str(mission.id),
        revision=row["revision"],
        attempt=row["attempt"],
        state=f"STATE_{mission.state}",
        overtaken=row["revision"] < mission.pushes.revision,
        asks=mission.asks,
        number=mission.number,
        traceparent=row["traceparent"],
    )
    push.MergeFrom(resources.Push(kind=f"KIND_{row['kind']}"))
    for name, part in (("correction", correction_of(mission)), ("recall", mission.recall)):
        if part is not None:
            fill(getattr(push, name), part)
    push.acknowledge_by.FromDatetime(mission.release.acknowledge_by.astimezone(UTC))
    return push


def to_team_step(row: Any, cursor: str) -> resources.Step:
    """The frame of a step that a device of the team has taken."""
    step = resources.Step(
        step=row["step"],
        cursor=cursor,
        mission=str(row["mission"]),
        code=row.state.order.code,
        kind=row["kind"],
        state=f"STATE_{row['state']}",
        revision=row["revision"],
        acknowledged_revision=row["signed"],
        by=row["who"],
    )
    step.time.FromDatetime(row["time"].astimezone(UTC))
    return step
