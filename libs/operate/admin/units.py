"""The units that accounts and API keys act for."""

import grpc

from backbone.rpc.channels import refusal_of
from liandong.directory.v1 import directory_service_pb2 as pb
from operate.admin.city import directory, refused
from operate.home.trouble import Trouble
from operate.run.installation import Installation


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
