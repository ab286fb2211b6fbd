"""Builds the front desk from the settings: its door, its clients and its consumers."""

from collections.abc import Callable
from functools import partial
from typing import Any

from backbone.door.batch import Batch
from backbone.door.decider import Decider, require_every_change
from backbone.door.request import Request
from backbone.door.timers import Timers, lapse_of
from backbone.intake import teams
from backbone.postgres.pool import Connection
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.shell.directory import follow_directory
from backbone.shell.shell import open_shell
from backbone.words.city import City
from liandong.alarm.v1 import alarm_service_pb2 as pb
from liandong.alarm.v1 import alarm_service_pb2_grpc as rpc
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from services.alarm import callers, codec, consumers, metrics
from services.alarm.api import FrontDesk
from services.alarm.atlas import Atlas
from services.alarm.beside import Beside
from services.alarm.receipt import RECEIPTS
from services.alarm.receipt.record import Receipt
from services.alarm.receipt.tickets import LapseTicket
from services.alarm.storage import DUE, TABLE
from services.alarm.unanswered import ask_again

EVENTS = "liandong.alarm.events.v1"
KINDS = ("area", "category", "danger", "grid", "neighbour", "policy", "team", "unit")


def build_decider(city: Callable[[], City]) -> Decider[Receipt]:
    """The decider of receipts; `city` is called for each decision."""
    return Decider(
        record=Receipt,
        table=TABLE,
        life_cycle=RECEIPTS,
        event=AlarmEvent,
        kind="liandong.alarm",
        topic=EVENTS,
        scope=codec.scope,
        world=lambda also: city(),
    )


async def run(settings: Settings, pulse: Pulse) -> None:
    """Serve until cancelled; starts without waiting for Kafka or Postgres."""
    atlas = Atlas()
    decider = build_decider(lambda: atlas.city)
    require_every_change([decider])
    async with open_shell(settings, pulse, [decider], _count) as shell:
        follow_directory(shell, KINDS, atlas.learn, polygons=True)
        sealer = shell.keys.sealer
        for field in ("receipt_id", "ticket_id"):
            shell.know_persons(decider, field, lambda receipt: callers.names_of(receipt, sealer))
        shell.server.texts.beside.append(Beside(shell.rows.of(decider)))
        follower = consumers.follower(shell.rows.of(decider))
        desk = FrontDesk(shell, decider, atlas, sealer, follower)
        shell.serve(rpc.add_AlarmServiceServicer_to_server, desk, pb.DESCRIPTOR)
        shell.run_beside(Timers(shell.pool, shell.door, DUE, _lapse, pulse).run)
        rows = shell.rows.of(decider)
        heard = teams.of_receipts(settings, shell.pool)
        shell.run_beside(partial(heard.watch, shell.relay.age, pulse))
        shell.run_beside(partial(ask_again, shell.pool, desk.orders, pulse))
        for subscription in (consumers.incidents(rows), *consumers.records()):
            shell.consume(subscription)
        await shell.run()


def _lapse(row: Any) -> Request[Any]:
    return lapse_of(row, LapseTicket())


async def _count(conn: Connection, batch: Batch) -> None:
    """Count the events of a batch; a repeated request has none, so each event counts once."""
    for record in batch.journal_rows:
        metrics.EVENTS.labels(record.kind.split(".")[2]).inc()
