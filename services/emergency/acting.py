"""Finds the next actions of a caller: as a person of the mission's team, or of a desk."""

from backbone.door.actions import Actions, actions_of
from backbone.rpc.caller import Call
from liandong.emergency.v1 import emergency_service_pb2 as pb
from services.emergency.codec import HEARD
from services.emergency.deciders import missions
from services.emergency.mission.record import Mission
from services.emergency.mission.steps import Crew

ACTIONS: Actions[Mission] = actions_of(missions, pb.DESCRIPTOR.services_by_name["EmergencyService"])


def may_do(mission: Mission, caller: Call) -> list[str]:
    actor = caller.actor
    crew = Crew(actor.user, caller.team, actor.unit)
    desk = ACTIONS.of(mission, actor, own_team=caller.team)
    steps = ACTIONS.of(mission, crew) if caller.team else []
    if mission.recall is not None:  # a step that crosses it is recorded, and refused
        steps = [each for each in steps if each in HEARD]
    return [*steps, *desk]
