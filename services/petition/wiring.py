"""Builds the petition service from its settings."""

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
from liandong.petition.v1 import petition_service_pb2 as pb
from liandong.petition.v1 import petition_service_pb2_grpc as rpc
from liandong.petition.v1.petition_events_pb2 import PetitionEvent
from services.petition import codec
from services.petition import petition as domain
from services.petition.api import PetitionService
from services.petition.consumers import SUBSCRIPTIONS
from services.petition.petition import Command, Event
from services.petition.petition.record import Petition

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
        service = PetitionService(shell, replica, Sealer(settings.keyring), Openings(settings))
        shell.serve(rpc.add_PetitionServiceServicer_to_server, service, pb.DESCRIPTOR)
        for subscription in SUBSCRIPTIONS:
            shell.consume(subscription)
        await shell.run()
