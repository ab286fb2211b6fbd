"""Codes and PINs over gRPC and a real database: new ones, old ones, and all the ways to guess."""

from collections.abc import AsyncIterator
from itertools import pairwise
from uuid import UUID

import asyncpg
import pytest

from backbone.postgres.sealing import Sealer
from backbone.process.settings import SettingsError
from backbone.words.actor import Actor
from backbone.words.matter_code import is_code
from liandong.petition.v1 import petition_pb2 as resources
from liandong.petition.v1 import petition_service_pb2 as pb
from services.petition.tracking import Limits, pin_of, read_limits
from tests.cities import a_city
from tests.installation import Installation
from tests.integration.petition.test_petition_service import DESK, LI, NUMBER, a_request
from tests.proving import changed_by_hand
from tests.serving import Client, Home, everything_at_rest, serving

CITIZEN = Actor("")
WIDE = {at: at + 0xFEE0 for at in range(0x21, 0x7F)}
PIN_ATTEMPTS = Limits().pin_attempts


@pytest.fixture
async def home(database: Installation) -> AsyncIterator[Home]:
    async with serving(database, a_city(), "petition") as home:
        yield home


async def registered(call: Client, **more: object) -> resources.Petition:
    response = await call("RegisterPetition", a_request(**more), DESK)
    petition: resources.Petition = response.petition
    return petition


async def tracked(call: Client, code: str, pin: str, address: str = "203.0.113.1") -> str:
    """The code that was shown, or the reason of the refusal."""
    ask = pb.TrackPetitionRequest(code=code, pin=pin)
    try:
        response = await call("TrackPetition", ask, CITIZEN, address=address)
    except Exception:  # noqa: BLE001 - asked again for its reason, without a second attempt
        return "refused"
    return str(response.petition.code)


async def why(call: Client, code: str, pin: str, address: str) -> str:
    ask = pb.TrackPetitionRequest(code=code, pin=pin)
    return await call.refused("TrackPetition", ask, CITIZEN, address=address)


async def test_a_stranger_cannot_count_on_from_a_code(call: Client) -> None:
    codes = [(await registered(call)).code for _ in range(8)]
    assert all(is_code(code) for code in codes)
    serials = [int(code.split("-")[1]) for code in codes]
    steps = [later - earlier for earlier, later in pairwise(serials)]
    assert len(set(steps)) > 4 and sorted(serials) == serials


async def test_a_new_pin_ends_the_old_one_and_a_repeat_says_it_again(
    call: Client, database: Installation
) -> None:
    petition = await registered(call)
    code, old = petition.code, petition.pin
    shown = f"{NUMBER[:6]} {NUMBER[6:]}".translate(WIDE)
    ask = pb.ReissuePinRequest(petition_id=petition.id, id_number=shown)
    new = (await call("ReissuePin", ask, DESK, "counter")).petition.pin
    assert len(new) == 8 and new.isdecimal() and new != old
    assert (await call("ReissuePin", ask, DESK, "counter")).petition.pin == new
    assert await tracked(call, code, old) == "refused"
    assert await tracked(call, code, new) == code
    assert await tracked(call, code.translate(WIDE), new.translate(WIDE)) == code
    at_rest = await everything_at_rest(database, "petition")
    assert not any(secret in at_rest for secret in (old, new, NUMBER))
    assert "pin_issue" in at_rest


@pytest.mark.parametrize("number", ["990101199001011235", "", "１"])
async def test_who_shows_another_card_gets_no_pin(call: Client, number: str) -> None:
    petition = await registered(call)
    ask = pb.ReissuePinRequest(petition_id=petition.id, id_number=number)
    reason = "IDENTITY_MISMATCH" if number else "IDENTITY_MISSING"
    assert await call.refused("ReissuePin", ask, DESK) == reason
    assert await call.refused("ReissuePin", ask, LI) != ""
    assert await tracked(call, petition.code, petition.pin) == petition.code


async def test_a_petition_of_before_has_its_six_digits_and_gets_eight(
    call: Client, home: Home, database: Installation
) -> None:
    petition = await registered(call)
    conn = await asyncpg.connect(database.admin)
    await changed_by_hand(
        conn,
        home.settings("petition").keyring,
        "petition.petitions",
        "UPDATE petition.petitions SET shape = 2, doc = (doc::jsonb - 'pin_issue')::json "
        "WHERE id = $1",
        UUID(petition.id),
    )
    await conn.close()
    old = pin_of(UUID(petition.id), 0, Sealer(home.settings("petition").keyring))
    assert len(old) == 6
    assert await tracked(call, petition.code, old) == petition.code


async def test_one_pin_at_many_codes_is_stopped_from_however_many_addresses(call: Client) -> None:
    reasons = [
        await why(call, f"9901012601{n:02d}-100001-0", "12345678", f"203.0.113.{n}")
        for n in range(PIN_ATTEMPTS + 2)
    ]
    assert reasons == ["NO_SUCH_CODE"] * PIN_ATTEMPTS + ["TRACKING_LOCKED"] * 2
    petition = await registered(call)
    assert await tracked(call, petition.code, petition.pin, "203.0.113.1") == petition.code


async def test_a_petition_of_ones_own_is_no_way_to_guess_on(call: Client) -> None:
    own = await registered(call)
    most, here = Limits().address_attempts, "198.51.100.7"
    reasons = []
    for n in range(most + 1):
        reasons.append(await why(call, f"9901012701{n:02d}-100001-0", f"{n:08d}", here))
        if n % 10 == 1:
            assert await tracked(call, own.code, own.pin, here) == own.code
    assert reasons == ["NO_SUCH_CODE"] * most + ["TRACKING_LOCKED"]


async def test_very_many_guessers_do_not_keep_the_petitioner_out_at_home(call: Client) -> None:
    petition = await registered(call)
    home, most = "192.0.2.44", Limits().code_attempts
    assert await tracked(call, petition.code, petition.pin, home) == petition.code
    for n in range(most + 1):
        await why(call, petition.code, f"{n:08d}", f"203.0.113.{n}")
    assert await why(call, petition.code, petition.pin, "192.0.2.45") == "TRACKING_LOCKED"
    assert await tracked(call, petition.code, petition.pin, home) == petition.code


async def test_a_clock_that_is_set_back_locks_nobody_out(
    call: Client, database: Installation
) -> None:
    """Whoever had asked while it was ahead was locked out until that time came again."""
    petition, home = await registered(call), "192.0.2.46"
    for n in range(Limits().attempts + 1):
        await why(call, petition.code, f"{n:08d}", home)
    assert await why(call, petition.code, petition.pin, home) == "TRACKING_LOCKED"
    admin = await asyncpg.connect(database.admin)
    await admin.execute("UPDATE petition.trackings SET until = until + interval '1 day'")
    await admin.close()
    assert await tracked(call, petition.code, petition.pin, home) == petition.code
    for n in range(Limits().attempts):
        assert await why(call, petition.code, f"{n:08d}", home) == "NO_SUCH_CODE"
    assert await why(call, petition.code, petition.pin, home) == "TRACKING_LOCKED"


def test_limits_are_settings() -> None:
    limits = read_limits({"LIANDONG_TRACKING_ATTEMPTS": "3"})
    assert (limits.attempts, limits.code_attempts) == (3, Limits().code_attempts)
    with pytest.raises(SettingsError, match="LIANDONG_TRACKING_WINDOW_MINUTES"):
        read_limits({"LIANDONG_TRACKING_WINDOW_MINUTES": "soon", "LIANDONG_TRACKING_ATTEMPTS": "0"})
