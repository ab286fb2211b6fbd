"""Builds the emergency service from its settings."""

from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import uuid5

from msgspec.structs import replace

from backbone.directory.replica import Replica
from backbone.door.batch import Batch
from backbone.door.codes import Codes
from backbone.door.decider import Decider, require_every_change
from backbone.door.request import Request
from backbone.door.timers import Timers, lapse_of
from backbone.postgres.pool import Connection
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.shell.directory import follow_directory
from backbone.shell.shell import Shell, open_shell
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1 import emergency_service_pb2_grpc as rpc
from liandong.emergency.v1 import hearing_service_pb2 as hear_pb
from liandong.emergency.v1 import hearing_service_pb2_grpc as hear_rpc
from services.emergency import attempts, mailbox, storage
from services.emergency.alerts import Alerts
from services.emergency.api import EmergencyService
from services.emergency.catching_up import Arrivals, CatchingUp, finder
from services.emergency.consumers import Orders
from services.emergency.deciders import missions, statuses
from services.emergency.following import Incidents
from services.emergency.hearing import Hearing
from services.emergency.mission.ladder import HastenLadder
from services.emergency.mission.repeats import Lapse
from services.emergency.sending import Sender
from services.emergency.situation import Teams
from services.emergency.telephone import opened, read_provider
from services.emergency.terminals import PATIENCE, Terminals
from services.emergency.wakes import hear

KINDS = ("team", "policy", "person", "unit", "ladder", "category", "calendar")


class Rungs(Timers):
    """The clocks of the ladders."""

    name = "rungs"


async def run(settings: Settings, pulse: Pulse, patience: float = PATIENCE) -> None:
    """Serve until cancelled; starts without waiting for Kafka or Postgres."""
    deciders: list[Decider[Any]] = [missions, statuses]
    require_every_change(deciders)
    provider = read_provider(settings.environ)
    codes = Codes(settings.keyring, settings.schema)
    ride = partial(_ride, arrivals := Arrivals(), codes)
    async with (
        open_shell(settings, pulse, deciders, ride) as shell,
        opened(provider) as telephone,
    ):
        replica = follow_directory(shell, KINDS)
        terminals = Terminals(shell.rows.of(missions), pulse, patience)
        sender = Sender(shell.pool, telephone)
        teams = Teams(shell.pool, replica, terminals, sender.channels)
        alerts = Alerts(shell, lambda: replica.city, sender.down)
        rungs = Rungs(shell.pool, shell.door, storage.RUNGS_DUE, teams.climbing, pulse)
        catching_up = CatchingUp(shell, replica, finder(settings), arrivals)
        hastening = Timers(shell.pool, shell.door, storage.HASTENED, _hasten, pulse)
        hurry = partial(_wake, (hastening, rungs))
        shell.know_sealed_persons(missions, "mission_id", lambda each: each.order.persons)
        service = EmergencyService(shell, replica, terminals, teams, hurry, alerts)
        shell.serve(rpc.add_EmergencyServiceServicer_to_server, service, pb.DESCRIPTOR)
        _hear(shell, Orders(shell, replica, terminals, teams), Incidents(shell, replica))
        shell.before_stop(terminals.say_goodbye)
        repeats = Timers(shell.pool, shell.door, storage.DUE, _lapse, pulse)
        for loop in (terminals.run, terminals.count, repeats.run, hastening.run):
            shell.run_beside(loop)
        shell.run_beside(partial(hear, settings, pulse, terminals.look))
        shell.run_beside(partial(_climb, replica, rungs))
        shell.run_beside(partial(teams.run, pulse))
        shell.run_beside(partial(catching_up.run, pulse))
        shell.run_beside(partial(sender.run, pulse))
        await shell.run()


def _hear(shell: Shell, orders: Orders, incidents: Incidents) -> None:
    """Corrections and ends of receipts and incidents arrive by calls and over Kafka."""
    hearing = Hearing(shell.batcher, orders, incidents)
    shell.serve(hear_rpc.add_HearingServiceServicer_to_server, hearing, hear_pb.DESCRIPTOR)
    for subscription in (orders.subscription, incidents.subscription):
        shell.consume(subscription)


async def _climb(replica: Replica, rungs: Timers) -> None:
    """Rungs tell the people of the city, so they wait until it is loaded."""
    await replica.wait()
    await rungs.run()


async def _ride(arrivals: Arrivals, codes: Codes, conn: Connection, batch: Batch) -> None:
    """Write pushes and messages by telephone in the transaction of a batch, and note arrivals."""
    await mailbox.ride(conn, batch, codes)
    await attempts.ride(conn, batch)
    await arrivals.ride(conn, batch)


def _wake(timers: Iterable[Timers]) -> None:
    """A person waits for what may be due at once."""
    for each in timers:
        each.wake()


def _hasten(row: Any) -> Request[Any]:
    hasten = lapse_of(row, HastenLadder())
    return replace(hasten, request_id=uuid5(hasten.request_id, "hasten"))


def _lapse(row: Any) -> Request[Any]:
    return lapse_of(row, Lapse())
