"""The Chinese labels of the fields of requests, for sentences; `errors` have the paths beside."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import yaml

ALL_LABELS: Mapping[str, Any] = yaml.decode(Path(__file__).with_name("labels.yaml").read_bytes())
# Labels of one collection alone, by its name in the path.
OF_COLLECTION: Mapping[str, Mapping[str, str]] = ALL_LABELS["of_collection"]
# Labels of query parameters alone, by collection: another field has the same name in its bodies.
OF_QUERY: Mapping[str, Mapping[str, str]] = ALL_LABELS["of_query"]
LABELS: Mapping[str, str] = {
    name: label for name, label in ALL_LABELS.items() if isinstance(label, str)
}
# The facts that name fields: one, or several with commas between.
OF_FIELDS = frozenset({"field", "missing", "earlier"})
# A field that there is not is quoted as the caller has written it.
AS_WRITTEN = frozenset({"UNKNOWN_FIELD"})
PART = re.compile(r"(\w+)((?:\[\d+\])*)")


def label_of(path: str, collection: str = "", *, in_query: bool = False) -> str:
    """`地点的坐标的纬度` of `place.point.latitude`; a path that is none of ours as it is, such as
    the name of a header. The labels of the collection count first, and of a read its parameters."""
    asked = OF_QUERY.get(collection, {}) if in_query else {}
    own = {**OF_COLLECTION.get(collection, {}), **asked}
    said = [_part(part, own) for part in path.split(".")]
    return "的".join(said) if all(said) else path


def labels_of(paths: str, collection: str = "", *, in_query: bool = False) -> str:
    return "、".join(label_of(path, collection, in_query=in_query) for path in paths.split(", "))


def _part(part: str, own: Mapping[str, str]) -> str:
    """The label of one name with its numbers, counted from 1; empty where there is none."""
    match = PART.fullmatch(part)
    label = (own.get(match[1]) or LABELS.get(match[1], "")) if match else ""
    numbers = re.findall(r"\d+", match[2]) if match else []
    return label and label + "".join(f"第 {int(number) + 1} 项" for number in numbers)
