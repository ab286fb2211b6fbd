"""Builds the population service from its settings."""

from collections.abc import Callable
from functools import partial
from typing import Any

from backbone.door.decider import Decider, require_every_change
from backbone.door.request import Request
from backbone.door.timers import Timers, lapse_of
from backbone.intake.opening import Openings
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.shell.directory import follow_directory
from backbone.shell.shell import open_shell
from backbone.words.city import City
from liandong.population.v1 import population_service_pb2 as pb
from liandong.population.v1 import population_service_pb2_grpc as rpc
from liandong.population.v1.population_events_pb2 import PopulationEvent
from services.population import codec, destroying, storage
from services.population.api import PopulationService
from services.population.care_case import CARE_CASES
from services.population.care_case.clocks import Lapse
from services.population.care_case.record import CareCase
from services.population.consumers import subscriptions
from services.population.own_keys import PersonKeys

TOPIC = "liandong.population.events.v1"
KINDS = ("unit", "category", "person", "policy")


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
    async with open_shell(settings, pulse, [decider], destroying.ride) as shell:
        replica = follow_directory(shell, KINDS)
        destroyed = destroying.file_of(settings.environ)
        persons = PersonKeys(shell.pool, shell.keys, destroying.listed_in(destroyed))
        shell.know_persons(decider, "care_case_id", partial(_names_of, persons))
        shell.server.texts.closely = True
        service = PopulationService(shell, decider, persons, Openings(settings))
        shell.serve(rpc.add_PopulationServiceServicer_to_server, service, pb.DESCRIPTOR)
        timers = Timers(shell.pool, shell.door, storage.DUE, _lapse, pulse)
        shell.run_beside(timers.run)
        shell.run_beside(partial(destroying.run_list, shell.pool, pulse, destroyed))
        for subscription in subscriptions(shell.rows.of(decider), persons):
            shell.consume(subscription)
        await shell.run()


async def _names_of(persons: PersonKeys, case: CareCase) -> list[str]:
    return codec.names_of(case, await persons.of(case.id))


def _lapse(row: Any) -> Request[Any]:
    return lapse_of(row, Lapse())
