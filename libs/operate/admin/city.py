"""City packs: check, generate, and load into the directory of an installation."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc

from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import channel_to, refusal_of
from backbone.rpc.signed import SigningChannel
from backbone.words.actor import Actor
from liandong.directory.v1 import directory_service_pb2 as pb
from liandong.directory.v1 import directory_service_pb2_grpc as rpc
from operate.admin.accounts import PACK
from operate.cli.screen import words
from operate.home import absence, certificates
from operate.home.trouble import Trouble
from operate.run.installation import Installation

# The directory's modules import shapely, so functions import them where they need them.
if TYPE_CHECKING:
    from services.directory.flaws import Finding

PATIENCE = 60.0
MOST = 64 * 1024 * 1024
OPERATOR = Actor(user="liandong", role="operator")


async def load_if_empty(installation: Installation, say: Callable[[str], object]) -> None:
    """Load the demo city unless a city is already in force."""
    deadline = time.monotonic() + PATIENCE
    async with directory(installation) as (stub, metadata):
        while (  # noqa: ASYNC110 - another process is polled
            empty := await is_empty(installation, stub, metadata)
        ) is None and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
    if empty is None:
        raise absence.of(installation, "directory")
    if empty:
        say(words("loading the demo city", "正在加载演示城市"))
        await load(installation, PACK)


async def is_empty(installation: Installation, stub: Any, metadata: Any) -> bool | None:
    """Whether no city is in force; None while the directory is starting and cannot tell."""
    request = pb.GetCityRequest()
    try:
        await stub.GetCity(request, metadata=metadata, timeout=PATIENCE, wait_for_ready=True)
    except grpc.aio.AioRpcError as error:
        refusal = refusal_of(error)
        if refusal and refusal.reason == "DIRECTORY_NOT_LOADED":
            return True
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            return None
        raise refused(installation, error) from error
    return False


async def load(installation: Installation, pack: Path) -> Any:
    """Put a pack in force; return the directory's response. Raises Trouble if it is refused."""
    request = pb.LoadCityRequest(archive=archive(pack))
    async with directory(installation) as (stub, metadata):
        try:
            return await stub.LoadCity(request, metadata=metadata, timeout=PATIENCE)
        except grpc.aio.AioRpcError as error:
            raise refused(installation, error) from error


def check(pack: Path) -> "list[Finding]":
    """Check the files of a pack without a running service; return findings, errors first."""
    from services.directory.checks import examine

    return examine(folder(pack))[1]


def generate(pack: Path, **size: int) -> None:
    """Write a fictional city; `size` overrides numbers of the demo city. Raises Trouble."""
    from services.directory.generator import DEMO, generate

    try:
        generate(pack, PACK, replace(DEMO, **size))
    except ValueError as error:
        raise Trouble(
            f"This city cannot be generated: {error}.", f"无法生成这样的城市：{error}。"
        ) from error


def archive(pack: Path) -> bytes:
    """The pack as the archive that the directory accepts."""
    from services.directory.files import read_folder, to_archive

    return to_archive(read_folder(folder(pack)))


def folder(pack: Path) -> Path:
    if not pack.is_dir():
        raise Trouble(f"{pack} is not a folder with a city pack.", f"{pack} 不是城市数据包文件夹。")
    return pack


@asynccontextmanager
async def directory(installation: Installation) -> AsyncIterator[tuple[Any, Any]]:
    address = installation.home.ports.grpc_address("directory") or ""
    options = [("grpc.max_send_message_length", MOST)]
    wires = installation.protection.of(certificates.OPERATOR)
    opened = channel_to("directory", address, wires, options)
    async with SigningChannel(opened, installation.signatures, "directory") as channel:
        metadata = metadata_for(installation.keys.token, OPERATOR)
        yield rpc.DirectoryServiceStub(channel), metadata


def refused(installation: Installation, error: grpc.aio.AioRpcError) -> Trouble:
    if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return absence.of(installation, "directory")
    said = refusal_of(error) or error.details()
    return Trouble(
        f"The directory refused the city: {said}. "
        "`liandong city check` lists the errors of a pack.",
        f"目录服务拒绝了该城市数据包：{said}。liandong city check 会列出其中的问题。",
    )
