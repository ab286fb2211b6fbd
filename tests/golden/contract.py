"""Prints the kinds of events and the states of a release: run by `make.py` in its environment."""

import json
import sys
from importlib import import_module
from typing import Any

STATES = {
    "incidents": ("incident", "Incident.State"),
    "receipts": ("alarm", "Receipt.State"),
    "petitions": ("petition", "Petition.State"),
    "disputes": ("dispute", "Dispute.State"),
    "missions": ("emergency", "Mission.State"),
    "team_statuses": ("emergency", "TeamStatus.Duty"),
    "care_cases": ("population", "CareCase.State"),
}
AREAS = ("alarm", "dispute", "emergency", "incident", "petition", "population")


def module(area: str, name: str) -> Any:
    return import_module(f"liandong.{area}.v1.{name}_pb2")


def kinds() -> list[str]:
    return [
        f"liandong.{area}.{field.name}.v1"
        for area in AREAS
        for message in module(area, f"{area}_events").DESCRIPTOR.message_types_by_name.values()
        if "kind" in message.oneofs_by_name
        for field in message.oneofs_by_name["kind"].fields
    ]


def states() -> list[str]:
    found = []
    for table, (area, name) in STATES.items():
        message, _, enum = name.partition(".")
        values = module(area, area).DESCRIPTOR.message_types_by_name[message]
        for value in values.enum_types_by_name[enum].values[1:]:
            found.append(f"{table} {value.name.removeprefix(enum.upper() + '_')}")
    return found


if __name__ == "__main__":
    json.dump({"kinds": kinds(), "states": states()}, sys.stdout)
