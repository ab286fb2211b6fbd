"""Builds the dispute service from its settings."""

from collections.abc import Callable
from datetime import datetime

from backbone.city import City
from backbone.decider import Decider
from backbone.opening import Openings
from backbone.pulse import Pulse
from backbone.replica import follow_directory
from backbone.sealing import Sealer
from backbone.settings import Settings
from backbone.shell import open_shell
from liandong.dispute.v1 import dispute_service_pb2 as pb
from liandong.dispute.v1 import dispute_service_pb2_grpc as rpc
from liandong.dispute.v1.dispute_events_pb2 import DisputeEvent
from services.dispute import codec, domain
from services.dispute.api import DisputeService
from services.dispute.consumers import SUBSCRIPTIONS
from services.dispute.domain import Command, Event
from services.dispute.domain.dispute import Dispute

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
        service = DisputeService(shell, Sealer(settings.key), Openings(settings))
        shell.serve(rpc.add_DisputeServiceServicer_to_server, service, pb.DESCRIPTOR)
        for subscription in SUBSCRIPTIONS:
            shell.consume(subscription)
        await shell.run()
