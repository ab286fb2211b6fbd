"""The units and teams that accounts and API keys act for."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import grpc

from backbone.rpc.channels import refusal_of
from liandong.directory.v1 import directory_service_pb2 as pb
from operate.admin import register
from operate.admin.city import directory, refused
from operate.home.trouble import Trouble
from operate.run.installation import Installation


async def unit_of(installation: Installation, given: str) -> str:
    """The code of a unit that is given by its code, or by a kind of which there is only one.

    Raises Trouble.
    """
    async with directory(installation) as (stub, metadata):
        one = partial(stub.GetUnit, pb.GetUnitRequest(code=given), metadata=metadata, timeout=10)
        if await _known(installation, one) is not None:
            return given
        asked = pb.ListUnitsRequest(kind=given, page_size=2)
        some = partial(stub.ListUnits, asked, metadata=metadata, timeout=10)
        found = await _known(installation, some)
    if found is not None and len(found.units) == 1:
        return str(found.units[0].code)
    raise Trouble(
        f"{given} is no unit: give a unit's code, such as 990100-hotline. (UNKNOWN_UNIT, unit)",
        f"没有单位 {given}：请给出单位代码，例如 990100-hotline。（UNKNOWN_UNIT, unit）",
    )


async def _known(installation: Installation, ask: Callable[[], Awaitable[Any]]) -> Any:
    """What the directory knows of it; None where it knows nothing, or cannot be asked for such a
    code, as for one of control characters. Raises Trouble while the directory is away."""
    try:
        return await ask()
    except grpc.aio.AioRpcError as error:
        if refusal_of(error) is None:
            raise refused(installation, error) from error
    return None


async def post_of(installation: Installation, entry: Any) -> Any:
    """The account, or the key, with the code of its unit; its team is one of that unit.

    Raises Trouble.
    """
    register.require_post(entry)
    unit = await unit_of(installation, entry.unit)
    if entry.team:
        teams = await _teams(installation, unit)
        if entry.team not in teams:
            has = ", ".join(teams)
            raise Trouble(
                f"{entry.team} is no team of {unit}, which has {has or 'none'}. "
                "(UNKNOWN_TEAM, team)",
                f"{unit} 没有队伍 {entry.team}（该单位的队伍：{has or '无'}）。"
                "（UNKNOWN_TEAM, team）",
            )
    return replace(entry, unit=unit)


async def posts_of(installation: Installation, path: Path, entries: Mapping[int, Any]) -> list[Any]:
    """The accounts of a file, given by their lines. Raises Trouble, naming each wrong line.

    The directory is asked once for each post, not for each of the thousands of a city.
    """
    found, flaws = [], []
    told: dict[tuple[str, ...], str | Trouble] = {}
    for line, entry in entries.items():
        post = (entry.unit, entry.team, entry.role)
        if post not in told:
            told[post] = await _unit_or_flaw(installation, entry)
        unit = told[post]
        if isinstance(unit, Trouble):
            flaws.append((line, unit.english, unit.chinese))
        else:
            found.append(replace(entry, unit=unit))
    register.require_none(path, flaws)
    return found


async def _unit_or_flaw(installation: Installation, entry: Any) -> str | Trouble:
    try:
        return str((await post_of(installation, entry)).unit)
    except Trouble as trouble:
        return trouble


async def _teams(installation: Installation, unit: str) -> list[str]:
    asked = pb.ListTeamsRequest(unit=unit, page_size=1_000)
    async with directory(installation) as (stub, metadata):
        some = partial(stub.ListTeams, asked, metadata=metadata, timeout=10)
        found = await _known(installation, some)
    return [each.code for each in found.teams] if found is not None else []
