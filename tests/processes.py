"""Services as real child processes over a database of their own, for tests that kill them."""

import asyncio
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from backbone.postgres.migrate import secret_of, service_url
from backbone.process.settings import PORTS, SCHEMAS, Settings, read_settings
from backbone.words.city import City
from operate.admin import topics
from operate.home.keys import Keys
from tests import installation
from tests.copies import plant
from tests.ledger.building import SECRET
from tests.servers import Broker, free_base

PATIENCE = 40.0


@dataclass
class Installation:
    """One database with every schema, one Kafka, and whatever services a test starts."""

    admin_dsn: str
    broker: Broker
    logs: Path
    port: int = field(default_factory=free_base)

    def environment(self, *names: str) -> dict[str, str]:
        schemas = {SCHEMAS[name] for name in names}
        urls = {s: service_url(self.admin_dsn, s, SECRET) for s in schemas}
        return {
            "KAFKA_BOOTSTRAP": self.broker.address,
            "LIANDONG_SECURE": "0",
            "LIANDONG_PORT": str(self.port),
            "LIANDONG_TOKEN": secret_of(SECRET, "token"),
            "LIANDONG_SIGNERS": Keys(SECRET).signers(),
            **{f"LIANDONG_{s.upper()}_DATABASE_URL": url for s, url in urls.items()},
            "LIANDONG_TEXTS_KEY": secret_of(SECRET, "key/texts"),
            **{f"LIANDONG_{s.upper()}_KEY": secret_of(SECRET, f"key/{s}") for s in schemas},
        }

    def settings(self, name: str) -> Settings:
        return read_settings(name, self.environment(name))

    def start(self, *names: str) -> "subprocess.Popen[bytes]":
        """Start the services in one process and do not wait."""
        environment = {**os.environ, **self.environment(*names)}
        with (self.logs / f"{names[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "services", *names], stdout=log, stderr=log, env=environment
            )

    @contextmanager
    def started(self, *names: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Start the services; what still lives at the end is killed."""
        process = self.start(*names)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()

    async def ready(self, *names: str) -> None:
        """Return when these services say that they can serve."""
        await self._page("readyz", names)

    async def alive(self, *names: str) -> None:
        """Return when these services say that they run."""
        await self._page("healthz", names)

    async def _page(self, page: str, names: Sequence[str]) -> None:
        async with asyncio.timeout(PATIENCE):
            for name in names:
                url = f"http://127.0.0.1:{self.port + PORTS[name][1]}/{page}"
                while not await asyncio.to_thread(_answers, url):
                    await asyncio.sleep(0.1)

    async def know(self, city: City, *schemas: str) -> None:
        """Let the services of these schemas know the city, as if the directory had told them."""
        records = [city.head, city.policy, *city.units.values(), *city.categories.values()]
        records += [*city.competences.values(), *city.teams.values(), *city.grids.values()]
        records += [*city.areas.values(), city.danger]
        conn = await asyncpg.connect(self.admin_dsn)
        for schema in schemas:
            keyring = Keys(SECRET).keyring(schema)
            await plant(conn, schema, keyring, records, city.head.version)
        await conn.close()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:  # noqa: S310
            return bool(response.status == 200)
    except OSError:
        return False


@asynccontextmanager
async def an_installation(template: str, broker: Broker, logs: Path) -> AsyncIterator[Installation]:
    """An empty installation: a copy of the migrated database, and all topics."""
    await broker.started()
    await topics.ensure(broker.address, topics.read())
    async with installation.an_installation(template) as database:
        yield Installation(database.admin, broker, logs)
