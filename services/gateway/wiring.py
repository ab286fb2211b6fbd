"""Builds the gateway from its settings and runs it beside its loops."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from backbone.directory.replica import TOPIC as DIRECTORY
from backbone.directory.replica import Replica
from backbone.door.evidence import Flaw, Seen
from backbone.door.retention import run_retention
from backbone.kafka.lag import Follower, Lags
from backbone.kafka.origin import Origin
from backbone.kafka.producer import Burial, Publisher
from backbone.postgres.pool import Pool, connect, open_pool
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.shell.directory import telling_version
from backbone.shell.measuring import measure_pool
from backbone.shell.nightly import run_nightly
from backbone.shell.standing import watch_clock
from backbone.words.city import City
from services.gateway.accounts import (
    auditing,
    deputising,
    handing_over,
    oidc,
    own_account,
    sessions,
)
from services.gateway.accounts.auth import Authenticator
from services.gateway.accounts.chain import verify_registers
from services.gateway.accounts.coded import Coded
from services.gateway.accounts.credentials import Credentials
from services.gateway.accounts.deputies import Deputies
from services.gateway.accounts.deputising import Deputising
from services.gateway.accounts.disclosure import Reveals
from services.gateway.accounts.guessing import Guessing
from services.gateway.accounts.handing_over import HandingOver
from services.gateway.accounts.leaving import Leaving
from services.gateway.accounts.lines import Lines
from services.gateway.accounts.oidc import Oidc, provider_of
from services.gateway.accounts.oidc_client import read_client
from services.gateway.accounts.own_account import OwnAccount
from services.gateway.accounts.passwords import Passwords
from services.gateway.accounts.rights import Rights
from services.gateway.accounts.second_factor import SecondFactors, sealer_of
from services.gateway.accounts.sessions import Sessions
from services.gateway.contract.naming import Names
from services.gateway.http import pages
from services.gateway.http.addresses import Networks
from services.gateway.http.app import build_app
from services.gateway.http.browser_certificate import watch_certificate
from services.gateway.http.connections import REFUSALS, Bounds
from services.gateway.http.endpoint import Gate, Limits
from services.gateway.http.limits import Limit
from services.gateway.http.parting import Parting
from services.gateway.http.problems import Reasons, whole_answer
from services.gateway.http.server import Door, serve
from services.gateway.http.upstream import Upstream
from services.gateway.live import change_stream as live
from services.gateway.live import terminal
from services.gateway.live.change_stream import Live
from services.gateway.live.changes import Ring
from services.gateway.live.feed import EVENTS, Feed
from services.gateway.live.feed import GROUP as FOLLOWING
from services.gateway.live.streams import Streams
from services.gateway.live.terminal import Terminal
from services.gateway.routes import AREAS
from services.gateway.routes.route import Area
from services.gateway.settings import (
    CERTIFICATE,
    GatewaySettings,
    read_gateway_settings,
    read_required_second_factors,
)

GROUP = "gateway.directory"
# The entries of the directory whose names stand beside their codes.
NAMED = ("area", "category", "neighbour", "person", "team", "unit")


@dataclass(frozen=True, slots=True)
class Gateway:
    """The application with its connections."""

    app: Starlette
    gate: Gate
    pool: Pool
    feed: Feed
    publisher: Publisher
    streams: Streams
    rights: Rights
    replica: Replica
    bounds: Bounds
    coded: Coded
    lines: Lines


@asynccontextmanager
async def open_gateway(
    settings: Settings, pulse: Pulse, areas: Sequence[Area] = AREAS
) -> AsyncIterator[Gateway]:
    """Open everything but the HTTP server and the loops, so that tests can call the application."""
    own = read_gateway_settings(settings.environ)
    pool = await open_pool(settings.database_url, settings.schema)
    upstream, passwords = Upstream(settings), Passwords()
    names, lines, sealer = Names(), Lines(), sealer_of(settings.keyring)
    required = read_required_second_factors(settings.environ)
    coded = Coded(settings.keyring)
    known = Authenticator(pool, lines, coded, second_factor=required)
    gate = Gate(known, _limits(own), Reasons(names), upstream, pool, Reveals(pool, sealer))
    guessing = Guessing(pool, settings.keyring.lasting, own)
    credentials = Credentials(pool, coded, passwords, guessing)
    factors = SecondFactors(pool, sealer, coded, required)
    lifetime = timedelta(hours=own.session_hours)
    signing = Sessions(gate, pool, coded, credentials, factors, lifetime)
    provider = provider_of(read_client(settings.environ))
    ring, streams = Ring(int(own.changes_kept)), _streams(own)
    extras = (
        *sessions.extras_of(signing),
        *oidc.extras_of(Oidc(signing, provider, settings.keyring.lasting, factors.required)),
        *live.extras_of(Live(gate, ring, streams)),
        *terminal.extras_of(Terminal(gate, streams)),
        *own_account.extras_of(OwnAccount(gate, credentials, passwords, factors)),
        *deputising.extras_of(Deputising(gate, Deputies(pool, coded, lines.may_stand_in))),
        *handing_over.extras_of(HandingOver(gate, Leaving(pool, coded))),
        *auditing.extras_of(gate, pool, settings.keyring.lasting),
        *pages.extras_of(pulse),
    )
    try:
        app = build_app(gate, areas, extras)
        publisher = Publisher(settings.brokers)
        origin = Origin(settings.signatures, pool, FOLLOWING, coded.codes)
        feed = Feed(settings.brokers, EVENTS, ring, publisher, names, origin)
        replica = _replica(settings, pool, coded, partial(_learn, names, lines))
        rights, bounds = Rights(pool, coded, known, streams, names), _bounds(own, gate.reasons)
        yield Gateway(
            app, gate, pool, feed, publisher, streams, rights, replica, bounds, coded, lines
        )
    finally:
        passwords.close()
        await upstream.close()
        pool.terminate()


def _learn(names: Names, lines: Lines, city: City) -> None:
    names.learn(city)
    lines.learn(city)


def _replica(
    settings: Settings, pool: Pool, coded: Coded, learn: Callable[[City], object]
) -> Replica:
    told = telling_version(settings.name, learn)
    return Replica(pool, settings.brokers, NAMED, told, essential=False).coded(coded.copies)


def _limits(own: GatewaySettings) -> Limits:
    return Limits(
        people=Limit("person", own.person_rate, own.person_burst),
        keys=Limit("key", own.key_rate, own.key_burst),
        public=Limit("public", own.public_rate, own.public_burst),
        sign_in=Limit("sign_in", own.sign_in_rate, own.sign_in_burst),
    )


def _streams(own: GatewaySettings) -> Streams:
    return Streams(
        int(own.streams_per_principal),
        own.heartbeat_seconds,
        own.slow_reader_seconds,
        own.session_check_seconds,
    )


def _bounds(own: GatewaySettings, reasons: Reasons) -> Bounds:
    def said(reason: str) -> bytes:
        return whole_answer(REFUSALS[reason], reason, reasons)

    return Bounds(
        head_bytes=int(own.head_bytes),
        head_count=int(own.head_count),
        head_seconds=own.head_seconds,
        body_seconds=own.body_seconds,
        slow_reader_seconds=own.slow_reader_seconds,
        most=int(own.connections),
        most_of_address=int(own.connections_per_address),
        proxies=Networks(own.trusted_proxies),
        said=said,
        proxy_header=own.proxy_header,
    )


def followers_of(gateway: Gateway) -> dict[str, Follower]:
    return {
        FOLLOWING: Follower(gateway.feed.topics, gateway.feed.read),
        GROUP: Follower([DIRECTORY], gateway.replica.read),
    }


async def verify_gateway(coded: Coded, conn: Any, seen: Seen) -> AsyncIterator[Flaw]:
    """The chains of the registers, and the rows that give rights."""
    for found in (verify_registers(conn, seen), coded.forged(conn)):
        async for flaw in found:
            yield flaw


async def run(settings: Settings, pulse: Pulse) -> None:
    """Serve until cancelled; if a loop ends or fails, so does the process."""
    async with open_gateway(settings, pulse) as gateway, asyncio.TaskGroup() as tasks:
        tasks.create_task(pulse.run())
        tasks.create_task(watch_clock(gateway.pool, settings.schema, pulse))
        tasks.create_task(measure_pool(gateway.pool, settings.name, settings.schema, pulse))
        tasks.create_task(run_retention(gateway.pool, pulse, settings.schema, settings.kept))
        tasks.create_task(gateway.feed.run(pulse))
        tasks.create_task(gateway.feed.bury())
        tasks.create_task(Lags(settings.brokers, {}, pulse, followers_of(gateway)).run())
        origin = Origin(settings.signatures, gateway.pool, GROUP, gateway.coded.codes)
        bury = Burial(gateway.publisher, GROUP).bury
        tasks.create_task(gateway.replica.run(pulse, bury, origin))
        tasks.create_task(gateway.publisher.run())
        connected = partial(connect, settings.database_url, settings.schema)
        check = partial(verify_gateway, gateway.coded)
        tasks.create_task(run_nightly(connected, settings.schema, check))
        for rows in (*gateway.coded.every, gateway.coded.signing):
            tasks.create_task(rows.code_those_of_before(gateway.pool, pulse))
        tasks.create_task(gateway.rights.run(pulse))
        close = gateway.streams.close
        parting = Parting(gateway.app, pulse, drain_seconds_of(settings))
        if own := own_certificate_of(settings):
            tasks.create_task(watch_certificate(own, pulse))
        door = Door(settings.host, settings.port, gateway.bounds, certificate_of(settings))
        serving = tasks.create_task(serve(parting, door, pulse, close))
        try:
            await asyncio.wait((serving,))
        finally:
            # Asked to stop, and not because a loop has failed: all of them still run.
            if not (serving.done() or serving.cancelling()):
                await parting.part()


def drain_seconds_of(settings: Settings) -> float:
    return read_gateway_settings(settings.environ).drain_seconds


def certificate_of(settings: Settings) -> Path | None:
    """The certificate that people's browsers see: the city's own, or that of our authority."""
    if settings.wires is None:
        return None
    return own_certificate_of(settings) or settings.wires.own


def own_certificate_of(settings: Settings) -> Path | None:
    """The city's own certificate, where it is shown."""
    own = settings.environ.get(CERTIFICATE) if settings.wires else None
    return Path(own) if own else None
