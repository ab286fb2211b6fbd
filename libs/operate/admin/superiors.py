"""Which units stand above another, as the directory says."""

from typing import Any

import grpc

from backbone.rpc.channels import refusal_of
from liandong.directory.v1 import directory_service_pb2 as pb
from operate.admin.city import directory, refused
from operate.run.installation import Installation

PATIENCE = 10.0


async def may_stand_in(installation: Installation, deputy: str, person: str) -> bool:
    """Whether a deputy of one unit may have the rights of a person of another: of the same, or of
    one below it. Raises Trouble while the directory does not answer."""
    if deputy == person:
        return True
    async with directory(installation) as (stub, metadata):

        async def above(unit: str) -> str:
            asked = pb.GetUnitRequest(code=unit)
            try:
                found: Any = await stub.GetUnit(asked, metadata=metadata, timeout=PATIENCE)
            except grpc.aio.AioRpcError as error:
                if (refusal := refusal_of(error)) and refusal.reason == "NO_SUCH_UNIT":
                    return ""
                raise refused(installation, error) from error
            return str(found.unit.parent)

        seen = [person]
        while (unit := await above(seen[-1])) and unit not in seen:
            seen.append(unit)
    return deputy in seen
