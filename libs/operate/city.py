"""The city of an installation: checked, loaded, generated; all that is asked of the directory."""

import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc

from backbone.actor import Actor
from backbone.calls import refusal_of
from backbone.context import metadata_for
from liandong.directory.v1 import directory_service_pb2 as pb
from liandong.directory.v1 import directory_service_pb2_grpc as rpc
from operate.accounts import PACK
from operate.installation import Installation
from operate.trouble import Trouble

PATIENCE = 60.0
MOST = 64 * 1024 * 1024
OPERATOR = Actor(user="liandong", role="operator")


async def load_if_empty(installation: Installation, say: Callable[[str], object]) -> None:
    """Load the demo city, unless a city is in force already."""
    async with directory(installation) as (stub, metadata):
        try:
            await stub.GetCity(
                pb.GetCityRequest(), metadata=metadata, timeout=PATIENCE, wait_for_ready=True
            )
        except grpc.aio.AioRpcError as error:
            refusal = refusal_of(error)
            if refusal is None or refusal.reason != "DIRECTORY_NOT_LOADED":
                raise refused(error) from error
        else:
            return
    say("loading the demo city")
    await load(installation, PACK)


async def load(installation: Installation, pack: Path) -> Any:
    """Put a pack in force and return the service's answer. Raises Trouble when it is refused."""
    request = pb.LoadCityRequest(archive=archive(pack))
    async with directory(installation) as (stub, metadata):
        try:
            return await stub.LoadCity(request, metadata=metadata, timeout=PATIENCE)
        except grpc.aio.AioRpcError as error:
            raise refused(error) from error


def check(pack: Path) -> list[Any]:
    """What is wrong with the files of a pack; needs nothing that runs."""
    _, findings = importlib.import_module("services.directory.checks").examine(pack)
    return list(findings)


def generate(pack: Path, **size: int) -> None:
    """Write a fictional city of any size, under the rules of the demo city."""
    generator = importlib.import_module("services.directory.generator")
    try:
        generator.generate(pack, PACK, generator.Size(**size))
    except ValueError as error:
        raise Trouble(f"Such a city cannot be: {error}.") from error


@asynccontextmanager
async def directory(installation: Installation) -> AsyncIterator[tuple[Any, Any]]:
    address = installation.home.ports.grpc_address("directory") or ""
    options = [("grpc.max_send_message_length", MOST)]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        metadata = metadata_for(installation.keys.token, OPERATOR)
        yield rpc.DirectoryServiceStub(channel), metadata


def archive(pack: Path) -> bytes:
    """The pack as the service takes it: a zip archive of its files."""
    if not pack.is_dir():
        raise Trouble(f"{pack} is not a folder with a city pack.", f"{pack} 不是城市数据包文件夹。")
    files = importlib.import_module("services.directory.files")
    packed: bytes = files.to_archive(files.read_folder(pack))
    return packed


def refused(error: grpc.aio.AioRpcError) -> Trouble:
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        return Trouble(
            "The directory does not answer: `liandong up` or `liandong start directory` starts it.",
            "目录服务没有应答:请执行 liandong up 或 liandong start directory。",
        )
    refusal = refusal_of(error)
    return Trouble(
        f"The directory did not take the city: {refusal or error.details()}. "
        "`liandong city check` lists what is wrong with a pack."
    )
