"""Builds the directory from its settings and runs it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from backbone.door.beside import CodedRows
from backbone.door.codes import Codes
from backbone.door.retention import run_retention
from backbone.postgres.pool import Pool, open_pool
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.rpc.server import Server
from backbone.shell.standing import watch_database, watch_unsent
from liandong.directory.v1 import directory_service_pb2 as pb
from liandong.directory.v1 import directory_service_pb2_grpc as rpc
from services.directory.api import DirectoryService
from services.directory.holding import Holding
from services.directory.loading import Loader
from services.directory.publishing import Publishing
from services.directory.storage import ENTRIES


@dataclass(frozen=True, slots=True)
class Directory:
    """The parts of a running directory."""

    holding: Holding
    loader: Loader
    publishing: Publishing
    pool: Pool
    coded: CodedRows


@asynccontextmanager
async def open_directory(settings: Settings, pulse: Pulse) -> AsyncIterator[Directory]:
    """Open everything but the server, so that tests can call the parts."""
    pool = await open_pool(settings.database_url, settings.schema)
    coded = CodedRows(Codes(settings.keyring, settings.schema), ENTRIES)
    publishing = Publishing(settings, pulse, coded)
    loader = Loader(pool, publishing.wake, coded)
    try:
        yield Directory(Holding(pool, coded), loader, publishing, pool, coded)
    finally:
        pool.terminate()


async def run(settings: Settings, pulse: Pulse) -> None:
    """Serve until cancelled; if a loop ends or fails, so does the process."""
    async with open_directory(settings, pulse) as directory:
        server = Server(settings)
        service = DirectoryService(directory.holding, directory.loader, settings.keyring.lasting)
        server.serve(rpc.add_DirectoryServiceServicer_to_server, service, pb.DESCRIPTOR)
        await server.start()
        pulse.started()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(pulse.run())
                tasks.create_task(watch_database(directory.pool, settings.schema, pulse))
                sweeping = run_retention(directory.pool, pulse, settings.schema, settings.kept)
                tasks.create_task(sweeping)
                tasks.create_task(directory.holding.run(directory.loader, pulse))
                publishing = directory.publishing
                tasks.create_task(publishing.run())
                tasks.create_task(publishing.watch(directory.pool))
                tasks.create_task(directory.coded.code_those_of_before(directory.pool, pulse))
                tasks.create_task(watch_unsent(settings.schema, publishing.age, pulse))
        finally:
            await server.stop(grace=2)
