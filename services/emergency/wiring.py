"""Builds the emergency service from its settings."""

from functools import partial
from typing import Any

from backbone.door.decider import Decider, require_every_change
from backbone.door.request import Request
from backbone.door.timers import Timers, lapse_of
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.shell.directory import follow_directory
from backbone.shell.shell import open_shell
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1 import emergency_service_pb2_grpc as rpc
from services.emergency import mailbox, storage
from services.emergency.api import EmergencyService
from services.emergency.consumers import Orders
from services.emergency.deciders import missions, statuses
from services.emergency.mission.repeats import Lapse
from services.emergency.terminals import PATIENCE, Terminals
from services.emergency.wakes import hear

KINDS = ("team", "policy")


async def run(settings: Settings, pulse: Pulse, patience: float = PATIENCE) -> None:
    """Serve until cancelled; starts without waiting for Kafka or Postgres."""
    deciders: list[Decider[Any]] = [missions, statuses]
    require_every_change(deciders)
    async with open_shell(settings, pulse, deciders, mailbox.ride) as shell:
        replica = follow_directory(shell, KINDS)
        terminals = Terminals(shell.pool, pulse, patience)
        service = EmergencyService(shell, replica, terminals)
        shell.serve(rpc.add_EmergencyServiceServicer_to_server, service, pb.DESCRIPTOR)
        shell.consume(Orders(shell, replica, terminals).subscription)
        shell.before_stop(terminals.say_goodbye)
        repeats = Timers(shell.pool, shell.door, storage.DUE, _lapse, pulse)
        listening = partial(hear, settings, pulse, terminals.look)
        for loop in (terminals.run, terminals.count, listening, repeats.run):
            shell.run_beside(loop)
        await shell.run()


def _lapse(row: Any) -> Request[Any]:
    return lapse_of(row, Lapse())
