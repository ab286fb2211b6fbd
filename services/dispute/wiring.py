"""Builds the dispute service from its settings."""

from collections.abc import Callable
from functools import partial

from backbone.directory.places import Places
from backbone.door.decider import Decider, require_every_change
from backbone.intake.opening import Openings
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.shell.directory import follow_directory
from backbone.shell.known_persons import know_since
from backbone.shell.shell import open_shell
from backbone.words.city import City
from liandong.dispute.v1 import dispute_service_pb2 as pb
from liandong.dispute.v1 import dispute_service_pb2_grpc as rpc
from liandong.dispute.v1.dispute_events_pb2 import DisputeEvent
from services.dispute import codec
from services.dispute.api import DisputeService
from services.dispute.consumers import subscriptions
from services.dispute.dispute import DISPUTES
from services.dispute.dispute.record import Dispute
from services.dispute.origins import Origins
from services.dispute.storage import TABLE

KINDS = ("area", "category", "grid", "neighbour", "unit")


def build_decider(city: Callable[[], City]) -> Decider[Dispute]:
    """The decider of disputes; `city` is called for each decision."""
    return Decider(
        record=Dispute,
        table=TABLE,
        life_cycle=DISPUTES,
        event=DisputeEvent,
        kind="liandong.dispute",
        topic="liandong.dispute.events.v1",
        scope=codec.scope,
        world=lambda also: city(),
    )


async def run(settings: Settings, pulse: Pulse) -> None:
    """Serve until cancelled; starts without waiting for Kafka or Postgres."""
    disputes = build_decider(lambda: replica.city)
    require_every_change([disputes])
    async with open_shell(settings, pulse, [disputes]) as shell:
        places = Places()
        replica = follow_directory(shell, KINDS, places.learn, polygons=True)
        sealer, openings = shell.keys.sealer, Openings(settings)
        shell.know_persons(disputes, "dispute_id", lambda each: codec.names_of(each, sealer))
        rows = shell.rows.of(disputes)
        know_since(shell.server.texts, rows, "dispute_id", lambda each: each.filing.persons)
        service = DisputeService(shell, disputes, sealer, openings, places)
        shell.serve(rpc.add_DisputeServiceServicer_to_server, service, pb.DESCRIPTOR)
        shell.run_beside(partial(Origins(shell, disputes).run, pulse))
        for subscription in subscriptions(shell.pool):
            shell.consume(subscription)
        await shell.run()
