"""B7: what the desk hears: precision and recall of the danger rule and of the suggested class.

On the labelled narratives, those held out apart; with a file also on it: labelled petitions
(`id,subject,time,text,level1`) or calls (`lat,lng,title,time,township,address`). Of a file nothing
is kept but the figures.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backbone.words.danger import Listener
from operate.replay.call_file import meaning_of, priority_of
from services.alarm.atlas import Atlas
from services.alarm.receipt.suggestions import categories
from services.directory.pack import read_pack
from tests.bench.figures import MORE, Figure
from tests.bench.plan import Plan
from tests.narratives import DANGER, PACK, Narrative, narratives

RECALL, PRECISION = 0.95, 0.9
ORDINARY = ("P3", "P4")
NONE = "no danger"
# The desk's classes that answer to a class of the labelled petitions.
PETITIONS = {
    "劳动和社会保障": ("labour", "dispute.labour", "channel.arbitration"),
    "城乡建设": ("construction", "housing", "urban", "land", "dispute.property", "hazard"),
    "教育文体": ("education", "culture", "dispute.campus"),
    "交通运输": ("transport", "traffic"),
    "卫生计生": ("health", "dispute.medical", "medical"),
    "商贸旅游": ("market", "culture", "dispute.consumer", "fraud"),
    "环境保护": ("ecology", "urban.sanitation", "order.noise", "dispute.environment"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A text with the class it belongs to; `accepts` are the desk's classes that mean it."""

    text: str
    label: str
    accepts: tuple[str, ...]


Heard = Callable[[str], str]


async def measure(plan: Plan) -> list[Figure]:
    """Each figure once: they do not depend on the machine."""
    atlas = Atlas()
    atlas.learn(read_pack(PACK).city)
    listener = Listener(atlas.city.danger)
    figures: list[Figure] = []
    for name in ("open", "held", "fresh", "kinds", "indirect"):
        told = narratives(name)
        figures += dangers_of(f"narratives {name}", told, listener)
        figures += classes_of(f"narratives {name}", labelled(told), suggested(atlas))
    for file in plan.files:
        figures += of_file(file, atlas, listener)
    return figures


def of_file(file: Path, atlas: Atlas, listener: Listener) -> Sequence[Figure]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if "level1" in rows[0]:
        told = [
            Told(row["subject"] + "。" + row["text"], row["level1"], PETITIONS[row["level1"]])
            for row in rows
        ]
        heard = sum(
            any(one.priority == DANGER for one in listener.signs(each.text)) for each in told
        )
        false = a_figure(f"{file.stem}, danger, false alarms", heard / len(told))
        return [false, *classes_of(file.stem, told, suggested(atlas))]
    calls = [as_call(row, atlas) for row in rows]
    return [
        *dangers_of(file.stem, calls, listener),
        *classes_of(file.stem, labelled(calls), suggested(atlas)),
    ]


def as_call(row: Mapping[str, str], atlas: Atlas) -> Narrative:
    """The call in the words in which the replay reports it."""
    group, _, title = row["title"].partition(":")
    meaning = meaning_of(group, title)
    usual = atlas.city.categories[meaning.category].default_priority
    return Narrative(meaning.says, meaning.category, priority_of(group, usual))


def labelled(told: Iterable[Narrative]) -> list[Told]:
    tops = [(each.text, each.category.partition(".")[0]) for each in told]
    return [Told(text, top, (top,)) for text, top in tops]


def suggested(atlas: Atlas) -> Heard:
    def hear(text: str) -> str:
        best = categories(text, atlas.keywords, atlas.dangers_in(text))
        return best[0].category if best else ""

    return hear


def dangers_of(name: str, told: Sequence[Narrative], listener: Listener) -> list[Figure]:
    """Whether danger is heard where there is one, as a whole and by top class."""

    def hear(text: str) -> str:
        found = [one for one in listener.signs(text) if one.priority == DANGER]
        return found[0].category.partition(".")[0] if found else NONE

    heard = [(hear(each.text), each) for each in told]
    rang = [each for said, each in heard if said != NONE]
    right = sum(each.is_danger for each in rang)
    ordinary = [each for each in rang if each.priority in ORDINARY]
    gates = (PRECISION, RECALL) if name.startswith("narratives") else (None, None)
    dangers = [
        Told(each.text, each.category.partition(".")[0] if each.is_danger else NONE, ())
        for each in told
    ]
    return [
        a_figure(f"{name}, danger, precision", right / len(rang) if rang else 1.0, gates[0]),
        # An urgent matter (P2) that rings costs a word; an ordinary one is a false alarm.
        a_figure(
            f"{name}, danger, precision beside ordinary calls",
            right / max(right + len(ordinary), 1),
        ),
        a_figure(
            f"{name}, danger, recall",
            right / max(sum(each.is_danger for each in told), 1),
            gates[1],
        ),
        *by_class(
            f"{name}, danger",
            [(said, each.label) for (said, _), each in zip(heard, dangers, strict=True)],
        ),
    ]


def classes_of(name: str, told: Sequence[Told], hear: Heard) -> list[Figure]:
    """Whether the first suggestion is of the labelled class."""
    pairs: list[tuple[str, str]] = []
    for each in told:
        said = hear(each.text)
        fits = any(f"{said}.".startswith(f"{one}.") for one in each.accepts)
        pairs.append((each.label if fits else said.partition(".")[0], each.label))
    right = sum(said == label for said, label in pairs)
    made = sum(bool(said) for said, _ in pairs)
    return [
        a_figure(f"{name}, first suggestion, precision", right / max(made, 1)),
        a_figure(f"{name}, first suggestion, recall", right / len(pairs)),
        *by_class(f"{name}, first suggestion", pairs),
    ]


def by_class(name: str, pairs: Sequence[tuple[str, str]]) -> list[Figure]:
    """Precision and recall of each class that has a label, from pairs of heard and labelled."""
    labels, said = Counter(label for _, label in pairs), Counter(heard for heard, _ in pairs)
    right = Counter(label for heard, label in pairs if heard == label)
    figures: list[Figure] = []
    for label in sorted(labels):
        of = f"{name}, {label} ({labels[label]})"
        if said[label]:
            figures.append(a_figure(f"{of}, precision", right[label] / said[label]))
        figures.append(a_figure(f"{of}, recall", right[label] / labels[label]))
    return figures


def a_figure(name: str, share: float, gate: float | None = None) -> Figure:
    return Figure("B7", name, "share", MORE, gate=gate, runs=[round(share, 3)])
