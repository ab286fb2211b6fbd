"""Builds the emergency service from its settings."""

from backbone.decider import Decider
from backbone.pulse import Pulse
from backbone.replica import follow_directory
from backbone.settings import Settings
from backbone.shell import open_shell
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1 import emergency_service_pb2_grpc as rpc
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from services.emergency import codec, domain, mailbox, storage
from services.emergency.api import EmergencyService
from services.emergency.consumers import Orders
from services.emergency.domain import Command, Event
from services.emergency.domain.mission import Mission
from services.emergency.terminals import PATIENCE, Terminals
from services.emergency.timers import Repeats
from services.emergency.wakes import Wakes

TOPIC = "liandong.emergency.events.v1"
KINDS = ("team", "policy")

MISSIONS: Decider[Mission, Command, Event] = Decider(
    table=storage.TABLE,
    record=Mission,
    event=EmergencyEvent,
    kind="liandong.emergency",
    decide=domain.decide,
    evolve=domain.evolve,
    scope=codec.scope,
)


async def run(settings: Settings, pulse: Pulse, patience: float = PATIENCE) -> None:
    """Serve for ever; nothing here waits for Kafka or Postgres to be there."""
    async with open_shell(settings, pulse, MISSIONS, TOPIC, mailbox.ride) as shell:
        replica = follow_directory(shell, KINDS)
        terminals = Terminals(shell.pool, pulse, patience)
        wakes = Wakes(shell.pool, settings, pulse, terminals.look)
        service = EmergencyService(shell, replica, terminals, wakes)
        shell.serve(rpc.add_EmergencyServiceServicer_to_server, service, pb.DESCRIPTOR)
        shell.consume(Orders(shell, replica, terminals).subscription)
        shell.before_stop(terminals.say_goodbye)
        repeats = Repeats(shell, wakes.pushed)
        for loop in (terminals.run, terminals.count, wakes.tell, wakes.hear, repeats.run):
            shell.run_beside(loop)
        await shell.run()
