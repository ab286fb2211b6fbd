"""Builds the petition service from its settings."""

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
from liandong.petition.v1 import petition_service_pb2 as pb
from liandong.petition.v1 import petition_service_pb2_grpc as rpc
from liandong.petition.v1.petition_events_pb2 import PetitionEvent
from services.petition import codec, domain
from services.petition.api import PetitionService
from services.petition.consumers import SUBSCRIPTIONS
from services.petition.domain import Command, Event
from services.petition.domain.petition import Petition

TOPIC = "liandong.petition.events.v1"
KINDS = ("unit", "category")


def build_decider(city: Callable[[], City]) -> Decider[Petition, Command, Event]:
    """What the door must know of petitions; every decision takes the city of its moment."""

    def decide(found: Petition | None, command: Command, now: datetime) -> list[Event]:
        return domain.decide(found, command, now, city())

    return Decider(
        table="petitions",
        record=Petition,
        event=PetitionEvent,
        kind="liandong.petition",
        decide=decide,
        evolve=domain.evolve,
        scope=codec.scope,
    )


async def run(settings: Settings, pulse: Pulse) -> None:
    """Serve for ever; nothing here waits for Kafka or Postgres to be there."""
    decider = build_decider(lambda: replica.city)
    async with open_shell(settings, pulse, decider, TOPIC) as shell:
        replica = follow_directory(shell, KINDS)
        service = PetitionService(shell, replica, Sealer(settings.key), Openings(settings))
        shell.serve(rpc.add_PetitionServiceServicer_to_server, service, pb.DESCRIPTOR)
        for subscription in SUBSCRIPTIONS:
            shell.consume(subscription)
        await shell.run()
