"""Builds the petition service from its settings."""

from collections.abc import Callable

from backbone.directory.places import Places
from backbone.door.decider import Decider, require_every_change
from backbone.intake.opening import Openings
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.shell.directory import follow_directory
from backbone.shell.known_persons import know_since
from backbone.shell.shell import open_shell
from backbone.words.city import City
from liandong.petition.v1 import petition_service_pb2 as pb
from liandong.petition.v1 import petition_service_pb2_grpc as rpc
from liandong.petition.v1.petition_events_pb2 import PetitionEvent
from services.petition import codec
from services.petition.api import PetitionService
from services.petition.consumers import subscriptions
from services.petition.petition import PETITIONS
from services.petition.petition.record import Petition
from services.petition.storage import TABLE

KINDS = ("area", "category", "grid", "neighbour", "unit")


def build_decider(city: Callable[[], City]) -> Decider[Petition]:
    """The decider of petitions; `city` is called for each decision."""
    return Decider(
        record=Petition,
        table=TABLE,
        life_cycle=PETITIONS,
        event=PetitionEvent,
        kind="liandong.petition",
        topic="liandong.petition.events.v1",
        scope=codec.scope,
        world=lambda also: city(),
    )


async def run(settings: Settings, pulse: Pulse) -> None:
    """Serve until cancelled; starts without waiting for Kafka or Postgres."""
    petitions = build_decider(lambda: replica.city)
    require_every_change([petitions])
    async with open_shell(settings, pulse, [petitions]) as shell:
        places = Places()
        replica = follow_directory(shell, KINDS, places.learn, polygons=True)
        sealer, openings = shell.keys.sealer, Openings(settings)
        shell.know_persons(petitions, "petition_id", lambda each: codec.names_of(each, sealer))
        rows = shell.rows.of(petitions)
        know_since(shell.server.texts, rows, "petition_id", lambda each: each.filing.persons)
        service = PetitionService(shell, petitions, replica, sealer, openings, places)
        shell.serve(rpc.add_PetitionServiceServicer_to_server, service, pb.DESCRIPTOR)
        for subscription in subscriptions(shell.pool):
            shell.consume(subscription)
        await shell.run()
