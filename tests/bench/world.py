"""The installation that is measured: its own, started like `make run`, or the running one."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg

from backbone.kafka.producer import open_producer
from backbone.postgres.migrate import secret_of, service_url
from backbone.process.signing import Signatures
from backbone.process.wires import Brokers, Protected, Wires
from liandong.incident.v1 import incident_commands_pb2 as commands
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.place.v1.place_pb2 import Place
from operate.home.keys import Keys
from tests.servers import Installed
from tests.signing import signed

COMMANDS = "liandong.incident.commands.v1"
TOWNSHIP = "990101001"
UNIT = f"{TOWNSHIP}-police"
DESK = "990100-command"
CITY = "990100"
CLERK = "key/bench"
PATIENCE = 120.0

UNSENT = "SELECT count(*) FROM workflow.unsent"
WRITTEN = "SELECT count(*) FROM workflow.outcomes WHERE request_id = ANY($1)"


@dataclass(frozen=True, slots=True)
class Command:
    """One record of the command topic: its key, its value, the request that it is."""

    incident: str
    request: UUID
    value: bytes


class World:
    """Addresses and keys, and the shortest way to many incidents."""

    def __init__(self, city: Installed) -> None:
        self.city = city
        self.run = city.run
        self.gateway: str = self.run["gateway"]
        self.ca: str | None = self.run.get("ca")
        keys = Keys(self.secret)
        self._front = Signatures("workflow", keys.keyring("workflow"), keys.signers())

    @property
    def brokers(self) -> Brokers:
        """Kafka as the front of workflow comes to it: commands are written by it alone."""
        address: str = self.run["kafka"]
        if self.ca is None:
            return address
        password = secret_of(self.secret, "kafka/workflow")
        return Protected(address, Wires("workflow", Path(self.ca).parent, password))

    @property
    def secret(self) -> bytes:
        return bytes.fromhex((self.city.home / "secret").read_text())

    @property
    def admin_dsn(self) -> str:
        """The database as its owner; run.json has it without where it is not ours."""
        return str(self.run["database"])

    def dsn_of(self, service: str, database: str = "") -> str:
        parts = urlsplit(self.admin_dsn)
        dsn = urlunsplit(parts._replace(path=f"/{database}")) if database else self.admin_dsn
        return service_url(dsn, service, self.secret)

    def key(self, unit: str, role: str = "", team: str = "") -> str:
        for row in self.run["api_keys"]:
            right_role = not role or row.get("role") == role
            if row["unit"] == unit and right_role and (row.get("team") or "") == team:
                return str(row["key"])
        raise LookupError(f"no key of {unit} {role} {team}")

    def teams(self) -> list[dict[str, Any]]:
        return [row for row in self.run["api_keys"] if row.get("team")]

    async def publish(self, records: Sequence[Command]) -> None:
        """All of them as fast as Kafka takes them, in order."""
        async with open_producer(self.brokers) as producer:
            for start in range(0, len(records), 2_000):
                sent = []
                for each in records[start : start + 2_000]:
                    key, headers = each.incident.encode(), self._signed(each)
                    sent.append(await producer.send(COMMANDS, each.value, key=key, headers=headers))
                await asyncio.gather(*sent)

    def _signed(self, command: Command) -> list[tuple[str, bytes]]:
        """As the front signs what it puts onto the topic."""
        return signed(COMMANDS, command.incident.encode(), command.value, by=self._front)

    async def written(
        self, conn: Any, records: Sequence[Command], patience: float = PATIENCE
    ) -> None:
        """Return when each of them has its outcome. Raises TimeoutError."""
        requests = [each.request for each in records]
        async with asyncio.timeout(patience):
            while await conn.fetchval(WRITTEN, requests) < len(requests):
                await asyncio.sleep(0.05)

    async def incidents(self, count: int) -> list[str]:
        """So many incidents in the pool of the one police station, opened over the stream."""
        opening = [open_command() for _ in range(count)]
        async with self.connected() as conn:
            await self.publish(opening)
            await self.written(conn, opening)
            async with asyncio.timeout(PATIENCE):
                while await conn.fetchval(UNSENT):
                    await asyncio.sleep(0.05)
        # The followers of incidents hear of them too, before the next measurement begins.
        await asyncio.sleep(1)
        return [each.incident for each in opening]

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Any]:
        conn = await asyncpg.connect(self.admin_dsn)
        try:
            yield conn
        finally:
            await conn.close()


def open_command() -> Command:
    incident = uuid4()
    matter = resources.Matter(
        id=str(incident),
        code=f"990101260101-{incident.int % 10**12:012d}-0",
        source="ALARM",
        title="盗窃警情 · 长风路12号",
        narrative="在农贸市场被偷了电动车,小偷往长风路方向跑了。",
        category="theft",
        priority="P2",
        place=Place(text="长风路12号", area=TOWNSHIP),
        desk=DESK,
    )
    return command_of(
        str(incident), pb.OpenIncidentRequest(matter=matter), "zhao", DESK, "dispatcher"
    )


def life_of(incident: str) -> list[Command]:
    """Claim, report and resolve, by a clerk of its own: one person may hold only so many."""
    clerk = f"{CLERK}-{incident[:8]}"
    bodies = (
        pb.ClaimIncidentRequest(incident_id=incident),
        pb.ReportProgressRequest(incident_id=incident, text="已到场了解情况,正在处理。"),
        pb.ResolveIncidentRequest(incident_id=incident, outcome="SOLVED", reply="已经处理完毕。"),
    )
    return [command_of(incident, body, clerk, UNIT, "clerk") for body in bodies]


def command_of(incident: str, body: Any, user: str, unit: str, role: str) -> Command:
    request = uuid4()
    field = next(
        each.name
        for each in commands.IncidentCommand.DESCRIPTOR.oneofs_by_name["body"].fields
        if each.message_type and each.message_type.name == body.DESCRIPTOR.name
    )
    message = commands.IncidentCommand(
        request_id=str(request), user=user, unit=unit, role=role, area=unit.partition("-")[0]
    )
    message.deadline.FromSeconds(int(time.time()) + 3_600)
    getattr(message, field).CopyFrom(body)
    return Command(incident, request, message.SerializeToString())


def is_running(home: Path) -> bool:
    return (home / "run.json").exists()
