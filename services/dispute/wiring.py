"""Builds the dispute service from its settings."""

from collections.abc import Callable
from datetime import datetime

from backbone.door.decider import Decider
from backbone.intake.opening import Openings
from backbone.postgres.sealing import Sealer
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.shell.directory import follow_directory
from backbone.shell.shell import open_shell
from backbone.words.city import City
from liandong.dispute.v1 import dispute_service_pb2 as pb
from liandong.dispute.v1 import dispute_service_pb2_grpc as rpc
from liandong.dispute.v1.dispute_events_pb2 import DisputeEvent
from services.dispute import codec
from services.dispute import dispute as domain
from services.dispute.api import DisputeService
from services.dispute.consumers import SUBSCRIPTIONS
from services.dispute.dispute import Command, Event
from services.dispute.dispute.record import Dispute

TOPIC = "liandong.dispute.events.v1"
KINDS = ("unit", "category")


def build_decider(city: Callable[[], City]) -> Decider[Dispute, Command, Event]:
    """What the door must know of disputes; every decision takes the city of its moment."""

    def decide(found: Dispute | None, command: Command, now: datetime) -> list[Event]:
        return domain.decide(found, command, now, city())

    return Decider(
        table="disputes",
        record=Dispute,
        event=DisputeEvent,
        kind="liandong.dispute",
        decide=decide,
        evolve=domain.evolve,
        scope=codec.scope,
    )


async def run(settings: Settings, pulse: Pulse) -> None:
    """Serve for ever; nothing here waits for Kafka or Postgres to be there."""
    decider = build_decider(lambda: replica.city)
    async with open_shell(settings, pulse, decider, TOPIC) as shell:
        replica = follow_directory(shell, KINDS)
        service = DisputeService(shell, Sealer(settings.keyring), Openings(settings))
        shell.serve(rpc.add_DisputeServiceServicer_to_server, service, pb.DESCRIPTOR)
        for subscription in SUBSCRIPTIONS:
            shell.consume(subscription)
        await shell.run()
