"""The Chinese labels of the fields of requests, for sentences; `errors` have the paths beside."""

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

LABELS: Mapping[str, str] = yaml.safe_load(
    Path(__file__).with_name("labels.yaml").read_text("utf-8")
)
# The facts that name fields: one, or several with commas between.
OF_FIELDS = frozenset({"field", "missing", "earlier"})
# A field that there is not is quoted as the caller has written it.
AS_WRITTEN = frozenset({"UNKNOWN_FIELD"})
PART = re.compile(r"(\w+)((?:\[\d+\])*)")


def label_of(path: str) -> str:
    """`地点的坐标的纬度` of `place.point.latitude`; a path that is none of ours as it is, such as
    the name of a header."""
    said = [_part(part) for part in path.split(".")]
    return "的".join(said) if all(said) else path


def labels_of(paths: str) -> str:
    return "、".join(map(label_of, paths.split(", ")))


def _part(part: str) -> str:
    """The label of one name with its numbers, counted from 1; empty where there is none."""
    match = PART.fullmatch(part)
    label = LABELS.get(match[1], "") if match else ""
    numbers = re.findall(r"\d+", match[2]) if match else []
    return label and label + "".join(f"第 {int(number) + 1} 项" for number in numbers)
