"""API keys of an installation, and the units that they act for."""

import importlib
from typing import Any

import grpc

from backbone.postgres.migrate import service_url
from backbone.rpc.channels import refusal_of
from liandong.directory.v1 import directory_service_pb2 as pb
from operate.admin.city import directory, refused
from operate.home.trouble import Trouble
from operate.run.installation import Installation


def store(installation: Installation) -> tuple[Any, str]:
    """The gateway's module for keys, and the address of its database."""
    keys = importlib.import_module("services.gateway.accounts.keys")
    return keys, service_url(installation.admin_dsn, "gateway", installation.keys.secret)


async def add(installation: Installation, unit: str, role: str, name: str) -> tuple[str, str]:
    """Make a key; return the unit's code and the key. Raises Trouble."""
    code = await unit_of(installation, unit)
    keys, dsn = store(installation)
    try:
        return code, await keys.add_key(dsn, code, role, name)
    except ValueError as error:
        raise Trouble(
            f"No key was made: {error}.", f"未建立密钥：角色代码或者名称不对（{error}）。"
        ) from error


async def unit_of(installation: Installation, given: str) -> str:
    """The code of a unit that is given by its code, or by a kind of which there is only one.

    Raises Trouble.
    """
    async with directory(installation) as (stub, metadata):
        try:
            await stub.GetUnit(pb.GetUnitRequest(code=given), metadata=metadata, timeout=10)
            return given
        except grpc.aio.AioRpcError as error:
            if refusal_of(error) is None:
                raise refused(installation, error) from error
        asked = pb.ListUnitsRequest(kind=given, page_size=2)
        found = (await stub.ListUnits(asked, metadata=metadata, timeout=10)).units
    if len(found) == 1:
        return str(found[0].code)
    raise Trouble(
        f"{given} is no unit: give a unit's code, such as 990100-hotline.",
        f"没有单位 {given}：请给出单位代码，例如 990100-hotline。",
    )
