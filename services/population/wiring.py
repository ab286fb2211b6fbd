"""Builds the population service from its settings."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from backbone.city import City
from backbone.decider import Decider
from backbone.opening import Openings
from backbone.pulse import Pulse
from backbone.replica import follow_directory
from backbone.request import Request
from backbone.sealing import Sealer
from backbone.settings import Settings
from backbone.shell import open_shell
from backbone.timers import Timers, lapse_of
from liandong.population.v1 import population_service_pb2 as pb
from liandong.population.v1 import population_service_pb2_grpc as rpc
from liandong.population.v1.population_events_pb2 import PopulationEvent
from services.population import codec, domain, storage
from services.population.api import PopulationService
from services.population.consumers import subscriptions
from services.population.domain import Command, Event
from services.population.domain.care_case import CareCase
from services.population.domain.clocks import Lapse

TOPIC = "liandong.population.events.v1"
KINDS = ("unit", "category", "person")


def build_decider(city: Callable[[], City]) -> Decider[CareCase, Command, Event]:
    """What the door must know of care; every decision takes the city of its moment."""

    def decide(found: CareCase | None, command: Command, now: datetime) -> list[Event]:
        return domain.decide(found, command, now, city())

    return Decider(
        table="care_cases",
        record=CareCase,
        event=PopulationEvent,
        kind="liandong.population",
        decide=decide,
        evolve=domain.evolve,
        scope=codec.scope,
    )


async def run(settings: Settings, pulse: Pulse) -> None:
    """Serve for ever; nothing here waits for Kafka or Postgres to be there."""
    decider = build_decider(lambda: replica.city)
    async with open_shell(settings, pulse, decider, TOPIC) as shell:
        replica = follow_directory(shell, KINDS)
        service = PopulationService(shell, Sealer(settings.key), Openings(settings))
        shell.serve(rpc.add_PopulationServiceServicer_to_server, service, pb.DESCRIPTOR)
        timers = Timers(shell.pool, shell.door, storage.DUE, _lapse, pulse)
        shell.run_beside(timers.run)
        for subscription in subscriptions(shell.pool):
            shell.consume(subscription)
        await shell.run()


def _lapse(row: Any) -> Request[Command]:
    return lapse_of(row, Lapse())
