"""Reads the golden files of every release with the deciders and the city of the present one."""

import json
from base64 import b64decode
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

from backbone.door.decider import Decider
from backbone.postgres.migrate import secret_of
from services.alarm import wiring as alarm
from services.directory.pack import read_pack
from services.dispute import wiring as dispute
from services.emergency import deciders as emergency
from services.petition import wiring as petition
from services.population import wiring as population
from services.workflow import wiring as workflow
from tests.golden import dump

HERE = Path(__file__).parent
DEMO = HERE.parents[1] / "deploy" / "city" / "demo"


@cache
def demo_city() -> Any:
    return read_pack(DEMO).city


DECIDERS: dict[str, list[Decider[Any]]] = {
    "alarm": [alarm.build_decider(demo_city)],
    "dispute": [dispute.build_decider(demo_city)],
    "emergency": [emergency.missions, emergency.statuses],
    "petition": [petition.build_decider(demo_city)],
    "population": [population.build_decider(demo_city)],
    "workflow": [workflow.build_decider(demo_city), workflow.build_supervisions(demo_city)],
}


@dataclass(frozen=True)
class Life:
    """One aggregate as a release left it: its row, and the payloads of its journal."""

    decider: Decider[Any]
    row: dict[str, Any]
    payloads: list[bytes]
    kinds: list[str]

    @property
    def id(self) -> UUID:
        return UUID(self.row["id"])

    def stored(self) -> Any:
        """The state that the row holds. The flat row of 0.1.0 is its document, of shape 1."""
        doc = json.dumps(self.row.get("doc", self.row))
        return self.decider.from_doc(doc, self.row.get("shape", 1))


@dataclass(frozen=True)
class Release:
    """The golden files of one release."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def made(self) -> Any:
        return json.loads((self.folder / "made.json").read_text())

    @property
    def secret(self) -> bytes:
        return bytes.fromhex(self.made["secret"])

    def key(self, service: str) -> bytes:
        """What the service sealed with."""
        return bytes.fromhex(secret_of(self.secret, f"key/{service}"))

    def schemas(self) -> list[str]:
        return sorted(path.name.split(".")[0] for path in self.folder.glob("database/*"))

    def rows(self, schema: str, table: str) -> list[dict[str, Any]]:
        return [each["row"] for each in self.lines(schema) if each["table"] == table]

    def lines(self, schema: str) -> list[dict[str, Any]]:
        return _lines(self.folder / "database" / f"{schema}.jsonl.gz")

    def records(self, topic: str) -> list[tuple[str, dict[str, str], bytes]]:
        """Key, headers and value of each record of a topic."""
        return [
            (each["key"], dict(each["headers"]), b64decode(each["value"] or ""))
            for each in _lines(self.folder / "kafka" / f"{topic}.jsonl.gz")
        ]

    def lives(self, schema: str) -> list[Life]:
        """Every aggregate of a schema with its whole journal."""
        journal = sorted(self.rows(schema, "journal"), key=_place)
        told = {of: list(rows) for of, rows in groupby(journal, lambda row: row["aggregate_id"])}
        return [
            Life(
                decider,
                row,
                [bytes.fromhex(each["payload"][2:]) for each in told[row["id"]]],
                [each["kind"] for each in told[row["id"]]],
            )
            for decider in DECIDERS[schema]
            for row in self.rows(schema, decider.table.name)
        ]


def _place(row: dict[str, Any]) -> tuple[str, int]:
    return row["aggregate_id"], row["version"]


@cache
def _lines(path: Path) -> list[dict[str, Any]]:
    return dump.read(path)


RELEASES = [Release(each.parent) for each in sorted(HERE.glob("*/made.json"))]
FIRST_RELEASE = Release(HERE / "0.1.0")
