"""Columns by which lists choose, and the rows beside them, changed by one who may write to the
database: they list nothing to whom the documents do not show it, and what they hide is found."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from prometheus_client import REGISTRY

from backbone.words.actor import Actor
from liandong.incident.v1 import incident_pb2 as incident_resources
from liandong.incident.v1 import incident_service_pb2 as flow
from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from liandong.petition.v1 import petition_pb2 as petition_resources
from liandong.petition.v1 import petition_service_pb2 as petitions
from liandong.petition.v1.petition_service_pb2_grpc import PetitionServiceStub
from liandong.place.v1.place_pb2 import Place
from operate.admin.records import forged
from operate.home.keys import Keys
from tests.cities import COUNTY, NORTH, SOUTH, a_city
from tests.installation import Installation
from tests.serving import Client, calling, serving

DESK = Actor("zhao", "command", "dispatcher", COUNTY)
OFFICE = Actor("qian", "command", "receptionist", COUNTY)
STRANGER = Actor("chen", "south", "clerk", SOUTH)
AWAY = Actor("wu", "other", "supervisor", SOUTH)  # watches over another township


@dataclass
class Table:
    """One record of a service, its list, and the means of an intruder."""

    call: Client
    admin: Any
    keys: Keys
    name: str
    own: Actor
    record: str
    listing: tuple[str, Any]
    reading: tuple[str, Any]
    missing: str

    @property
    def schema(self) -> str:
        return self.name.partition(".")[0]

    async def listed(self, who: Actor, **more: Any) -> list[str]:
        method, request = self.listing
        return [each.id for each in (await self.call(method, request(**more), who)).items]

    async def counted(self, who: Actor, **more: Any) -> int:
        """What the list says of its size, together with its first page."""
        method, request = self.listing
        return int((await self.call(method, request(**more, count=True), who)).total_size)

    async def read(self, who: Actor) -> str:
        method, request = self.reading
        return await self.call.refused(method, request, who)

    async def flaws(self) -> list[str]:
        await self.admin.execute(f"SET search_path TO {self.schema}")
        found = forged(self.admin, self.schema, self.keys)
        return [f"{each.where} {each.what}" async for each in found]

    def alarms(self) -> float:
        labels = {"what": "row", "by": self.schema}
        return REGISTRY.get_sample_value("liandong_forged_total", labels) or 0


@pytest.fixture(params=["incidents", "petitions"])
async def table(request: pytest.FixtureRequest, database: Installation) -> AsyncIterator[Table]:
    made = an_incident if request.param == "incidents" else a_petition
    admin = await asyncpg.connect(database.admin)
    keys = Keys(database.secret)
    schema, stub = ("workflow", IncidentServiceStub) if made is an_incident else (
        "petition", PetitionServiceStub
    )  # fmt: skip
    async with (
        serving(database, a_city(), schema) as home,
        calling(home, schema, stub) as call,
    ):
        yield await made(call, admin, keys)
    await admin.close()


async def an_incident(call: Client, admin: Any, keys: Keys) -> Table:
    matter = incident_resources.Matter(
        id=str(uuid4()),
        code="110105001-20261016-0001",
        source="ALARM",
        title="theft",
        category="theft",
        priority="P2",
        place=Place(text="gate", area=NORTH),
        desk="command",
    )
    await call("OpenIncident", flow.OpenIncidentRequest(matter=matter), DESK)
    one = flow.GetIncidentRequest(incident_id=matter.id)
    listing, reading = ("ListIncidents", flow.ListIncidentsRequest), ("GetIncident", one)
    name = "workflow.incidents"
    return Table(call, admin, keys, name, DESK, matter.id, listing, reading, "NO_SUCH_INCIDENT")


async def a_petition(call: Client, admin: Any, keys: Keys) -> Table:
    person = petition_resources.Petitioner(name="欧阳小明", contact="13912345678")
    request = petitions.RegisterPetitionRequest(
        channel="CHANNEL_LETTER",
        subject="路灯不亮",
        text="小区门前的路灯坏了三个月没有人修",
        petitioners=[person],
        place=Place(text="gate", area=NORTH),
        category="theft",
    )
    of = (await call("RegisterPetition", request, OFFICE)).petition.id
    one = petitions.GetPetitionRequest(petition_id=of)
    listing, reading = ("ListPetitions", petitions.ListPetitionsRequest), ("GetPetition", one)
    name = "petition.petitions"
    return Table(call, admin, keys, name, OFFICE, of, listing, reading, "NO_SUCH_PETITION")


# By table and what is widened: a statement, and the person to whom it shall show the record.
INCIDENTS, PETITIONS = "workflow.incidents", "petition.petitions"


def copied(beside: str) -> str:
    another = "jsonb_populate_record(r, jsonb_build_object('reader', 'south'))"
    return f"INSERT INTO {beside} SELECT ({another}).* FROM {beside} AS r LIMIT 1"


WIDENED = {
    INCIDENTS: {
        "readers": ("UPDATE {t} SET readers = array_append(readers, 'south')", STRANGER),
        "a row beside": (copied("workflow.incident_readers"), STRANGER),
        "the area": (f"UPDATE {{t}} SET area = '{SOUTH}'", AWAY),
    },
    PETITIONS: {
        "readers": ("UPDATE {t} SET audience = array_append(audience, 'south')", STRANGER),
        "a row beside": (copied("petition.petition_readers"), STRANGER),
        "the area": (f"UPDATE {{t}} SET watched_area = '{SOUTH}'", AWAY),
    },
}
NARROWED = {
    INCIDENTS: {
        "readers": "UPDATE {t} SET readers = '{{}}'",
        "a row beside": "DELETE FROM workflow.incident_readers",
        "the source": "UPDATE {t} SET source = 'CARE'",
        "whom it accuses": "UPDATE {t} SET against = 'command'",
        "its place in lists": "UPDATE {t} SET rank = 1",
    },
    PETITIONS: {
        "readers": "UPDATE {t} SET audience = '{{}}'",
        "a row beside": "DELETE FROM petition.petition_readers",
        "a filter beside": "UPDATE petition.petition_readers SET category = 'fire'",
        "whom it accuses": "UPDATE {t} SET accused = 'command'",
        "its place in lists": "UPDATE {t} SET rank = 1",
    },
}


@pytest.mark.parametrize("what", ["readers", "a row beside", "the area"])
async def test_what_is_widened_is_not_shown_and_rings_the_alarm(table: Table, what: str) -> None:
    assert await table.listed(table.own) == [table.record]
    statement, intruder = WIDENED[table.name][what]
    assert await table.listed(intruder) == []
    before = table.alarms()
    await table.admin.execute(statement.format(t=table.name))
    assert await table.listed(intruder) == []
    assert table.alarms() == before + 1
    assert await table.counted(intruder) == 0, "the count says what the list shows"
    assert await table.read(intruder) == table.missing
    assert await table.flaws() != []
    if what != "the area":  # who sees it by its document sees it still
        assert await table.listed(table.own) == [table.record]


async def test_a_count_beyond_the_page_is_of_what_may_be_shown(table: Table) -> None:
    """Up to the largest page; above it the index alone is counted, and the nightly check tells."""
    columns = await table.admin.fetch(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_schema = $1 AND table_name = $2 AND is_generated = 'NEVER'",
        *table.name.split("."),
    )
    names = ", ".join(f'"{row[0]}"' for row in columns)
    copy = names.replace('"id"', "gen_random_uuid()").replace('"code"', "gen_random_uuid()::text")
    statement, intruder = WIDENED[table.name]["readers"]
    own = await table.counted(table.own)
    await table.admin.execute(statement.format(t=table.name))
    await table.admin.execute(  # forged too: no code is for another id
        f"INSERT INTO {table.name} ({names}) SELECT {copy} FROM {table.name}, generate_series(1, 3)"
    )
    before = table.alarms()
    assert await table.counted(intruder, page_size=1) == 0
    assert table.alarms() > before
    assert await table.counted(table.own, page_size=1) == own == 1


async def test_a_refused_link_that_was_put_in_by_hand_is_found(table: Table) -> None:
    event, record = uuid4(), uuid4()
    await table.admin.execute(
        f"INSERT INTO {table.schema}.refused_links "
        "(consumer, event_id, aggregate_id, reason, facts, audience) "
        "VALUES ('x', $1, $2, 'NO_SUCH_NOTE', '{}', '{north}')",
        event,
        record,
    )
    wrong = f"refused_links x {event} {record} is not what the service has written"
    assert await table.flaws() == [wrong]


async def test_a_filter_does_not_show_what_it_does_not_fit(table: Table) -> None:
    before = table.alarms()
    await table.admin.execute(f"UPDATE {table.name} SET category = 'fire'")
    assert await table.listed(table.own, category="fire") == []
    assert table.alarms() == before + 1
    assert "category" in " ".join(await table.flaws())


async def test_what_is_hidden_is_found(table: Table) -> None:
    assert await table.flaws() == []
    for what, statement in NARROWED[table.name].items():
        hiding = table.admin.transaction()
        await hiding.start()
        await table.admin.execute(statement.format(t=table.name))
        found = await table.flaws()
        assert found and all(table.record in flaw for flaw in found), (what, found)
        await hiding.rollback()
    assert await table.flaws() == []
