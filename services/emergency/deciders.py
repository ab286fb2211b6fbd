"""The deciders of missions and of team statuses; both publish to the same topic."""

from backbone.door.decider import Decider
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from services.emergency import codec, storage
from services.emergency.mission import MISSIONS
from services.emergency.mission.hiding import MissionHidden
from services.emergency.mission.record import Mission
from services.emergency.team import STATUSES
from services.emergency.team.status import TeamStatus

TOPIC = "liandong.emergency.events.v1"
KIND = "liandong.emergency"

# Neither reads the city: a team's step must work before the directory has arrived.
missions: Decider[Mission] = Decider(
    record=Mission,
    table=storage.MISSIONS,
    life_cycle=MISSIONS,
    event=EmergencyEvent,
    kind=KIND,
    topic=TOPIC,
    scope=codec.scope,
    kept={MissionHidden: codec.accusing_scope},
)
statuses: Decider[TeamStatus] = Decider(
    record=TeamStatus,
    table=storage.STATUSES,
    life_cycle=STATUSES,
    event=EmergencyEvent,
    kind=KIND,
    topic=TOPIC,
    scope=codec.status_scope,
)
