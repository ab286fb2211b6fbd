"""What care must never hold: the contract and the table are read, and such words are refused."""

import re
from pathlib import Path

import pytest

from liandong.population.v1 import population_events_pb2 as events
from liandong.population.v1 import population_pb2 as resources
from liandong.population.v1 import population_service_pb2 as service

# Movement, belief, ethnicity, opinion, petitioning, and any figure that grades a person.
FORBIDDEN = re.compile(
    r"movement|track|traject|location|position|longitude|latitude|geo|point|route_history|travel"
    r"|belie[fv]|relig|faith|church|ethnic|nationality|race|opinion|political|sentiment|thought"
    r"|petition|complain|visit_to_beijing|score|risk|rating|predict|dangerous|credit|suspic"
)
PROGRAMMES = {
    "COMMUNITY_CORRECTION",
    "POST_RELEASE_SUPPORT",
    "DRUG_REHABILITATION",
    "MENTAL_DISORDER_CARE",
    "MINOR_PROTECTION",
    "MIGRANT_SERVICE",
}
MIGRATIONS = Path("services/population/migrations")


def field_names() -> list[str]:
    files = (resources.DESCRIPTOR, events.DESCRIPTOR, service.DESCRIPTOR)
    messages = [m for file in files for m in file.message_types_by_name.values()]
    return [f"{message.name}.{field.name}" for message in messages for field in message.fields]


def columns() -> list[str]:
    lines = [line for path in MIGRATIONS.glob("*.sql") for line in path.read_text().splitlines()]
    code = [line.split("--")[0] for line in lines]
    return [word for line in code for word in re.findall(r"[a-z_]{3,}", line)]


@pytest.mark.parametrize("name", field_names())
def test_no_field_of_the_contract_watches_a_person(name: str) -> None:
    assert not FORBIDDEN.search(name.partition(".")[2]), name


def test_no_column_watches_a_person() -> None:
    assert not [word for word in columns() if FORBIDDEN.search(word)]


def test_the_test_would_find_them() -> None:
    for word in ("last_location", "religion", "ethnic_group", "risk_score", "petition_count"):
        assert FORBIDDEN.search(word)


def test_the_programmes_are_the_closed_list() -> None:
    values = {v.name.removeprefix("PROGRAMME_") for v in resources.Programme.DESCRIPTOR.values}
    assert values - {"UNSPECIFIED"} == PROGRAMMES
    text = "".join(path.read_text() for path in MIGRATIONS.glob("*.sql"))
    # The CHECK of the column beside the document; the one of 0.1.0 went with its column.
    [check] = re.findall(r"\bprogramme IN \(([^)]*)\)", text)
    assert set(re.findall(r"'(\w+)'", check)) == PROGRAMMES


@pytest.mark.parametrize("one", ["petition", "population"])
def test_petitions_and_care_know_nothing_of_each_other(one: str) -> None:
    other = {"petition": "population", "population": "petition"}[one]
    for path in Path("services", one).rglob("*.py"):
        assert f"liandong.{other}" not in path.read_text(), path
