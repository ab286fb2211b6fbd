"""Keys are rotated under real services: what was sealed before opens, and is recognised."""

from datetime import UTC, datetime

import asyncpg

from backbone.postgres.numbers import today
from backbone.postgres.sealing import UNOPENED
from backbone.process.metrics import UNOPENED_FIELDS
from backbone.process.settings import SIGNERS
from backbone.words.actor import Actor
from liandong.alarm.v1 import alarm_pb2 as receipts
from liandong.alarm.v1 import alarm_service_pb2 as desk
from liandong.alarm.v1.alarm_service_pb2_grpc import AlarmServiceStub
from liandong.petition.v1 import petition_pb2 as petitions
from liandong.petition.v1 import petition_service_pb2 as office
from liandong.petition.v1.petition_service_pb2_grpc import PetitionServiceStub
from liandong.place.v1.place_pb2 import Place, Point
from operate.admin import data_keys
from operate.home.keys import Keys, Seal
from tests.cities import COUNTY, NORTH, a_city
from tests.desks import TAKER, a_desk_city
from tests.installation import Installation
from tests.serving import Home, calling, everything_at_rest, serving

CLERK = Actor("zhao", "command", "receptionist", COUNTY)
ADDED = Seal(datetime(2026, 1, 1, tzinfo=UTC), b"second secret of an installation")
CALLER = desk.CallerFacts(number="13800001234", name="王小明")
PETITIONER = petitions.Petitioner(name="欧阳小明", contact="13912345678")
PLACE = Place(text="长风路12号", point=Point(longitude=0.15, latitude=0.05))
CALL = desk.ReceiveAlarmRequest(
    kind="KIND_CALL",
    caller=CALLER,
    place=PLACE,
    category="traffic.accident",
    narrative="两车相撞,有人受伤",
)
LETTER = office.RegisterPetitionRequest(
    channel="CHANNEL_LETTER",
    subject="路灯不亮",
    text="小区门前的路灯坏了三个月没有人修",
    petitioners=[PETITIONER],
    place=Place(text="gate", area=NORTH),
    category="theft",
)


async def received(home: Home, key: str) -> receipts.Receipt:
    async with calling(home, "alarm", AlarmServiceStub) as call:
        receipt: receipts.Receipt = (await call("ReceiveAlarm", CALL, TAKER, key)).receipt
        return receipt


async def registered(home: Home, key: str) -> petitions.Petition:
    async with calling(home, "petition", PetitionServiceStub) as call:
        answer = await call("RegisterPetition", LETTER, CLERK, key)
        petition: petitions.Petition = answer.petition
        return petition


async def sealing(database: Installation, name: str) -> str:
    """What each value begins with that the service seals from now on."""
    conn = await asyncpg.connect(database.admin)
    query = f"SELECT id FROM {name}.data_keys WHERE owner = $1 ORDER BY time DESC LIMIT 1"
    root = await conn.fetchval(query, name)
    await conn.close()
    return f"v2.{name}-fields-{today().year}-{root.removeprefix(f'{name}-')}."


async def rotated(database: Installation) -> None:
    """The roots that `liandong seals rotate` adds."""
    await data_keys.ensure(database.admin, Keys(database.secret, (ADDED,)))


async def test_a_caller_taken_down_before_a_rotation_is_revealed_and_recognised_after_it(
    database: Installation,
) -> None:
    city = a_desk_city()
    async with serving(database, city, "alarm") as before:
        first = await received(before, "first")
    old = await sealing(database, "alarm")
    await rotated(database)
    new = await sealing(database, "alarm")
    async with serving(database, city, "alarm", seals=(ADDED,)) as after:
        assert new not in await everything_at_rest(database, "alarm")
        async with calling(after, "alarm", AlarmServiceStub) as call:
            asked = desk.RevealCallerRequest(receipt_id=first.id)
            revealed = (await call("RevealCaller", asked, TAKER, purpose="回访")).caller
            shown = desk.GetReceiptRequest(receipt_id=first.id)
            masked = (await call("GetReceipt", shown, TAKER)).receipt.caller
        assert (revealed.number, revealed.name) == (CALLER.number, CALLER.name)
        assert (masked.number, masked.name) == ("138****1234", "王**")
        again = await received(after, "first")
        assert again.id == first.id, "the repeat of a request of before is known as one"
        second = await received(after, "second")
        [found] = second.suggestions.repeats
        assert found.receipt == first.id
        assert "SAME_NUMBER" in {reason.split()[0] for reason in found.reasons}
        stored = await everything_at_rest(database, "alarm")
        assert old != new and old in stored and new in stored


async def test_a_petition_of_before_a_rotation_is_revealed_recognised_and_tracked_after_it(
    database: Installation,
) -> None:
    async with serving(database, a_city(), "petition") as before:
        first = await registered(before, "first")
    old = await sealing(database, "petition")
    await rotated(database)
    async with serving(database, a_city(), "petition", seals=(ADDED,)) as after:
        async with calling(after, "petition", PetitionServiceStub) as call:
            asked = office.RevealPetitionerRequest(petition_id=first.id)
            revealed = await call("RevealPetitioner", asked, CLERK, purpose="送达答复")
            track = office.TrackPetitionRequest(code=first.code, pin=first.pin)
            tracked = await call("TrackPetition", track, CLERK)
        assert list(revealed.petitioners) == [PETITIONER]
        assert tracked.petition.code == first.code
        assert (await registered(after, "first")).pin == first.pin
        second = await registered(after, "second")
        [found] = second.repeats
        assert found.code == first.code and "SAME_PETITIONER" in found.reasons
        stored = await everything_at_rest(database, "petition")
        assert old in stored and await sealing(database, "petition") in stored


async def test_of_a_record_whose_key_is_lost_all_but_the_sealed_fields_is_shown(
    database: Installation,
) -> None:
    """One lost key hides no other record of a page, and discloses nothing."""
    async with serving(database, a_city(), "petition") as before:
        older = await registered(before, "older")
    await rotated(database)
    publics = Keys(database.secret, (ADDED,)).signers()
    async with serving(database, a_city(), "petition", seals=(ADDED,)) as after:
        lost = await registered(after, "lost")
    async with (
        # The public keys are still known: what the lost key has signed is verified.
        serving(database, a_city(), "petition", environ={SIGNERS: publics}) as forgetful,
        calling(forgetful, "petition", PetitionServiceStub) as call,
    ):
        unopened = UNOPENED_FIELDS._value.get()
        page = (await call("ListPetitions", office.ListPetitionsRequest(), CLERK)).items
        told = {each.id: each for each in page}
        assert {*told} == {older.id, lost.id}
        assert told[older.id].petitioners[0].name == "欧***"
        [person] = told[lost.id].petitioners
        assert (person.name, person.contact) == (UNOPENED, UNOPENED)
        assert told[lost.id].subject == lost.subject
        assert UNOPENED_FIELDS._value.get() > unopened
        asked = office.GetPetitionRequest(petition_id=lost.id)
        assert (await call("GetPetition", asked, CLERK)).petition.petitioners == [person]
        reveal = office.RevealPetitionerRequest(petition_id=lost.id)
        refused = await call.refused("RevealPetitioner", reveal, CLERK, purpose="送达答复")
        assert refused == "SEAL_KEY_MISSING"
