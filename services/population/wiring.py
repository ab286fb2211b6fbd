"""Builds the population service from its settings."""

from collections.abc import Callable
from typing import Any

from backbone.door.decider import Decider, require_every_change
from backbone.door.request import Request
from backbone.door.timers import Timers, lapse_of
from backbone.intake.opening import Openings
from backbone.postgres.sealing import Sealer
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.shell.directory import follow_directory
from backbone.shell.shell import open_shell
from backbone.words.city import City
from liandong.population.v1 import population_service_pb2 as pb
from liandong.population.v1 import population_service_pb2_grpc as rpc
from liandong.population.v1.population_events_pb2 import PopulationEvent
from services.population import codec, storage
from services.population.api import PopulationService
from services.population.care_case import CARE_CASES
from services.population.care_case.clocks import Lapse
from services.population.care_case.record import CareCase
from services.population.consumers import subscriptions

TOPIC = "liandong.population.events.v1"
KINDS = ("unit", "category", "person")


def build_decider(city: Callable[[], City]) -> Decider[CareCase]:
    """The decider of care cases; `city` is called for each decision."""
    return Decider(
        record=CareCase,
        table=storage.TABLE,
        life_cycle=CARE_CASES,
        event=PopulationEvent,
        kind="liandong.population",
        topic=TOPIC,
        scope=codec.scope,
        world=lambda also: city(),
    )


async def run(settings: Settings, pulse: Pulse) -> None:
    """Serve until cancelled; starts without waiting for Kafka or Postgres."""
    decider = build_decider(lambda: replica.city)
    require_every_change([decider])
    async with open_shell(settings, pulse, [decider]) as shell:
        replica = follow_directory(shell, KINDS)
        sealer = Sealer(settings.keyring, settings.texts)
        shell.know_persons(decider, "care_case_id", lambda case: codec.names_of(case, sealer))
        service = PopulationService(shell, decider, sealer, Openings(settings))
        shell.serve(rpc.add_PopulationServiceServicer_to_server, service, pb.DESCRIPTOR)
        timers = Timers(shell.pool, shell.door, storage.DUE, _lapse, pulse)
        shell.run_beside(timers.run)
        for subscription in subscriptions(shell.pool):
            shell.consume(subscription)
        await shell.run()


def _lapse(row: Any) -> Request[Any]:
    return lapse_of(row, Lapse())
