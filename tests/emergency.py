"""The emergency service for tests: started for real, asked over gRPC, with open terminals."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc

from backbone.directory.entries import key_of
from backbone.process.keyring import Keyring
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings, read_settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import open_channel, refusal_of
from backbone.words.actor import Actor
from backbone.words.areas import Level
from backbone.words.city import Head, Record, Team, Unit
from backbone.words.ladder import USUAL, Ladder, Step
from backbone.words.matter_code import check_digit
from backbone.words.policy import Policy
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1 import emergency_service_pb2_grpc as rpc
from liandong.emergency.v1.emergency_pb2 import Mission, Order, Push
from liandong.emergency.v1.hearing_service_pb2_grpc import HearingServiceStub
from liandong.place.v1.place_pb2 import Place
from services.emergency import wiring
from services.emergency.codec import dispatch_id
from tests.copies import plant
from tests.servers import free_base
from tests.signing import KEYS

NOWHERE = "127.0.0.1:1"
TOKEN = "token"
TEAMS = ("fire-1", "fire-2", "medical-1")
COUNTY = "990101"


def some_records(pauses: Sequence[int] = (10, 20, 40)) -> list[Record]:
    """The smallest city with teams."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    teams = [Team(t, f"{t}队", f"{COUNTY}-fire", COUNTY, ("fire",), "lee", ("lee",)) for t in TEAMS]
    policy = Policy(
        sign_in_minutes={},
        hand_off_answer_minutes=120,
        return_answer_minutes=120,
        claim_lapse_minutes=480,
        return_window_minutes=7200,
        bounce_cap=3,
        claim_cap=100,
        repush_seconds=tuple(pauses),
        acknowledge_seconds=60,
        repeat_minutes=60,
        repeat_metres=500,
        suggestions=3,
    )
    unit = Unit(f"{COUNTY}-fire", "消防队", "fire", COUNTY, "", Level.COUNTY)
    head = Head("990100", "云川市", (108.0, 34.0), (109.0, 35.0), 1, moment, "", 0)
    return [
        *teams,
        policy,
        unit,
        head,
        a_ladder([_step(seconds) for seconds in _sums(pauses)], pauses[-1]),
    ]


def a_ladder(steps: Sequence[Step], every_seconds: int) -> Ladder:
    """The same rungs for every priority."""
    priorities = ("P1", "P2", "P3", "P4")
    return Ladder(
        dict.fromkeys(priorities, tuple(steps)),
        dict.fromkeys(priorities, every_seconds),
        USUAL.people,
    )


def _step(seconds: int) -> Step:
    return Step(seconds, "NOT_ACKNOWLEDGED", ("TEAM",))


def _sums(pauses: Sequence[int]) -> list[int]:
    return [sum(pauses[: number + 1]) for number in range(len(pauses))]


KEY = "07" * 32


async def plant_city(
    dsn: str, pauses: Sequence[int] = (10, 20, 40), more: Sequence[Record] = ()
) -> None:
    """Put the city where the service's replica keeps it, as an earlier run would have.

    `more` are further records, or others of the same keys.
    """
    conn = await asyncpg.connect(dsn, server_settings={"search_path": "emergency"})
    records = {key_of(record): record for record in (*some_records(pauses), *more)}
    await plant(conn, "emergency", Keyring((bytes.fromhex(KEY),)), records.values(), 1)
    await conn.close()


def some_settings(database_url: str, brokers: str = NOWHERE) -> Settings:
    environ = {
        "LIANDONG_PORT": str(free_base()),
        "LIANDONG_EMERGENCY_DATABASE_URL": database_url,
        "LIANDONG_EMERGENCY_KEY": KEY,
        "LIANDONG_TEXTS_KEY": "08" * 32,
        "LIANDONG_TOKEN": TOKEN,
        "LIANDONG_SIGNERS": KEYS.signers(),
        "KAFKA_BOOTSTRAP": brokers,
        "LIANDONG_SECURE": "0",
    }
    return read_settings("emergency", environ)


@asynccontextmanager
async def serving(settings: Settings, **more: Any) -> AsyncIterator["Desk"]:
    """One instance of the service, ready, and a desk that may ask it."""
    pulse = Pulse()
    running = asyncio.create_task(wiring.run(settings, pulse, **more))
    channel = open_channel(settings, "emergency")
    try:
        async with asyncio.timeout(20):
            # Who dials before the server listens waits a second for his second try.
            while pulse.unready():
                assert not running.done(), running.exception()
                await asyncio.sleep(0.02)
            await channel.channel_ready()
        hearing = HearingServiceStub(channel)
        yield Desk(rpc.EmergencyServiceStub(channel), running.cancel, hearing=hearing)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await channel.close()


@dataclass
class Desk:
    """Sends teams, and speaks for any team."""

    stub: Any
    stop: Callable[[], object]
    token: str = TOKEN
    hearing: Any = None

    async def dispatch(
        self, team: str = "fire-1", matter: UUID | None = None, **more: Any
    ) -> pb.DispatchMissionResponse:
        receipt = more.pop("receipt", None) or uuid4()
        order = an_order(team, matter or receipt, receipt=str(receipt), **more)
        metadata = metadata_for(
            self.token, Actor("zhao", "desk"), request_id=str(dispatch_id(receipt, order))
        )
        request = pb.DispatchMissionRequest(order=order)
        response: pb.DispatchMissionResponse = await refusing(
            self.stub.DispatchMission(request, metadata=metadata, timeout=30)
        )
        return response

    async def stop_ladder(
        self, mission: str, reason: str, role: str = "dispatcher", unit: str = "desk"
    ) -> Mission:
        """A person of the desk ends the ladder of a mission."""
        request = pb.StopLadderRequest(mission_id=mission, reason=reason)
        metadata = metadata_for(self.token, Actor("zhao", unit, role), request_id=str(uuid4()))
        response = await refusing(self.stub.StopLadder(request, metadata=metadata, timeout=30))
        found: Mission = response.mission
        return found

    async def recall(self, mission: str, reason: str = "已自行扑灭") -> Mission:
        request = pb.RecallMissionRequest(mission_id=mission, reason=reason)
        by = Actor("zhao", "desk", "dispatcher", "990100")
        metadata = metadata_for(self.token, by, request_id=str(uuid4()))
        response = await refusing(self.stub.RecallMission(request, metadata=metadata, timeout=30))
        found: Mission = response.mission
        return found

    async def alerts(self, actor: Actor, team: str = "", **asked: Any) -> pb.ListAlertsResponse:
        request = pb.ListAlertsRequest(**asked)
        metadata = metadata_for(self.token, actor, team=team)
        response: pb.ListAlertsResponse = await refusing(
            self.stub.ListAlerts(request, metadata=metadata, timeout=30)
        )
        return response

    async def act(self, verb: str, mission: str, team: str = "fire-1", **body: Any) -> Mission:
        """`verb` is the name of the call, such as AcknowledgeMission."""
        key = body.pop("key", uuid4().hex)
        request = getattr(pb, f"{verb}Request")(mission_id=mission, **body)
        metadata = [*metadata_for(self.token, Actor("lee"), team=team), ("idempotency-key", key)]
        response = await refusing(getattr(self.stub, verb)(request, metadata=metadata, timeout=30))
        found: Mission = response.mission
        return found

    @asynccontextmanager
    async def terminal(
        self, team: str = "fire-1", after: str = "", device: str = "", acting: str = ""
    ) -> AsyncIterator["Terminal"]:
        """A terminal with an open stream, once it was welcomed; cut off at the end."""
        request = pb.SubscribeRequest(team=team, device=device, after=after)
        metadata = metadata_for(self.token, Actor("lee"), team=acting or team)
        call = self.stub.Subscribe(request, metadata=metadata)
        terminal = Terminal(call)
        try:
            first = await refusing(call.read())
            assert first.HasField("welcome"), first
            terminal.welcome = first.welcome
            yield terminal
        finally:
            call.cancel()


@dataclass
class Terminal:
    """Keeps what it has read."""

    call: Any
    welcome: Any = None
    frames: list[Any] = field(default_factory=list)

    async def frame(self, patience: float = 30.0) -> Any:
        async with asyncio.timeout(patience):
            frame = await self.call.read()
        self.frames.append(frame)
        return frame

    async def push(self, patience: float = 30.0) -> Push:
        """The next push; pings are passed over."""
        async with asyncio.timeout(patience):
            while True:
                frame = await self.frame(patience)
                assert not frame.HasField("bye"), frame
                if frame.HasField("push"):
                    pushed: Push = frame.push
                    return pushed

    async def pushes(self, number: int) -> list[Push]:
        return [await self.push() for _ in range(number)]

    async def farewell(self, patience: float = 30.0) -> str:
        """Why the service ends the stream."""
        async with asyncio.timeout(patience):
            while not (frame := await self.frame(patience)).HasField("bye"):
                pass
        return str(frame.bye.reason)

    async def silence(self, seconds: float) -> bool:
        """Say whether no push arrives for so long. Use it last: the wait breaks the read."""
        try:
            await self.push(seconds)
        except TimeoutError:
            return True
        return False


def a_code(matter: UUID) -> str:
    """The code of a matter, with its check digit."""
    number = f"{matter.int % 1_000_000:06}"
    return f"990101260101-{number}-{check_digit(f'990101260101{number}')}"


def an_order(team: str, matter: UUID, **more: Any) -> Order:
    said = {
        "priority": "P1",
        "narrative": "两车相撞,有人受伤",
        "receipt": str(matter),
        **more,
    }
    return Order(
        matter_id=str(matter),
        code=a_code(matter),
        team=team,
        place=Place(text="青山镇长风路12号", area=COUNTY),
        category="traffic.accident",
        ordered_by="zhao",
        ordered_unit="desk",
        **said,
    )


async def refusing(call: Any) -> Any:
    """The answer of a call; what the service refused is raised as its Refusal."""
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        raise refusal_of(error) or error from None
