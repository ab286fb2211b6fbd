"""The facts of a matter out of several reports: one place, and all that people have said. Pure.

The first report and the corrections that hold for the whole incident make the facts. A linked
report must not move the place of the first one: its place, words and class are told beside the
narrative, a danger is added, and a more urgent priority holds.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.city import City
from backbone.words.correction import (
    AGAINST,
    CATEGORY,
    DANGER,
    FACTS,
    NARRATIVE,
    PERSONS,
    PLACE,
    PRIORITY,
    TITLE,
    Correction,
)
from backbone.words.heard import HeardDanger, heard_in, together
from backbone.words.heard_report import HeardReport
from backbone.words.matter import Matter
from backbone.words.place import Place
from backbone.words.reported import SEPARATOR, part_of
from backbone.words.spans import cut, length_of
from services.workflow.incident.record import Incident, Report

MOST_NARRATIVE, MOST_DANGER = 20_000, 2_000
# Of many linked reports the last ones are told, each in short: an order must be read at once.
MOST_LINES, LONGEST_LINE = 30, 400
# An incident of more reports does not tell of which receipts it has heard: its events stay small.
MOST_HEARD = 2_000
# Desks listen for danger in what they take down as receipts alone.
OF_RECEIPTS = "ALARM"
BESIDE = (PLACE, NARRATIVE, CATEGORY, DANGER)


class Told(Struct, frozen=True):
    """The facts of an incident, and the reports that they are made of."""

    matter: Matter
    reports: tuple[Report, ...]

    @property
    def first(self) -> Report:
        return self.reports[0]

    @property
    def linked(self) -> list[Report]:
        return [each for each in self.reports[1:] if each.linked]

    @property
    def heard(self) -> HeardDanger | None:
        """The dangers to life that the reports speak of, the most urgent first."""
        return together(each.heard for each in (self.first, *self.linked))

    def of(self, receipt: str) -> Report | None:
        return next((each for each in self.reports if each.receipt == receipt), None)

    def having(self, report: Report) -> "Told":
        """The reports with this one in the place of that of the same receipt, or as the last."""
        known = {each.receipt: each for each in self.reports}
        known[report.receipt] = report
        return replace(self, reports=tuple(known.values()))


def told(incident: Incident) -> Told:
    """The facts told so far; until a receipt was corrected or linked, these are the first."""
    matter = incident.matter
    first = Report(
        str(incident.id),
        matter.code,
        narrative=matter.narrative,
        danger=matter.danger,
        heard=matter.heard,
    )
    return Told(matter, incident.reports or (first,))


def heard_reports(incident: Incident, fresh: Iterable[Report] = ()) -> tuple[HeardReport, ...]:
    """What it has heard of its receipts, with these reports: so that no team is told by it whose
    receipt has left, or was not heard yet."""
    so_far = told(incident)
    for each in fresh:
        so_far = so_far.having(each)
    if len(so_far.reports) > MOST_HEARD:
        return ()
    first = so_far.first.receipt
    return tuple(
        HeardReport(
            each.receipt,
            each.linked or each.receipt == first,
            each.link_version,
            each.version,
        )
        for each in so_far.reports
    )


def heard_of(incident: Incident, city: City) -> HeardDanger | None:
    """The danger below which it must not fall unsaid.

    An incident of a release that told it no danger is listened to: its facts hold what all its
    reports have said.
    """
    matter = incident.matter
    if (known := told(incident).heard) is not None or matter.source != OF_RECEIPTS:
        return known
    return heard_in(city, matter.narrative, matter.danger)


def for_all(so_far: Told, fact: str, said: Matter, receipt: str) -> Told:
    """A fact that holds for the whole incident; what its receipt told beside is replaced by it."""
    if fact in (NARRATIVE, DANGER):
        so_far = so_far.having(replace(so_far.first, **{fact: getattr(said, fact)}))
    else:
        so_far = replace(so_far, matter=replace(so_far.matter, **{fact: getattr(said, fact)}))
    if fact in (PLACE, CATEGORY):
        so_far = replace(so_far, matter=replace(so_far.matter, title=said.title))
    own = so_far.of(receipt)
    if own is None or own.receipt == so_far.first.receipt or fact not in BESIDE:
        return so_far
    return so_far.having(replace(own, **{fact: ""}))


def beside(so_far: Told, fact: str, said: Matter, receipt: Report, category: str) -> Told:
    """A fact of a linked report; it fills what the first one left open."""
    matter = so_far.matter
    if fact == PRIORITY:
        urgent = min(filter(None, (matter.priority, said.priority)), default="")
        return replace(so_far, matter=replace(matter, priority=urgent))
    if fact == PLACE and not knows_place(matter.place):
        return for_all(so_far, fact, said, receipt.receipt)
    if fact == CATEGORY and not matter.category:
        return for_all(so_far, fact, said, receipt.receipt)
    words = {PLACE: said.place.text, CATEGORY: category}.get(fact) or getattr(said, fact)
    text = words if isinstance(words, str) else ""
    if fact == PLACE and said.place.point is not None:
        text = f"{text} ({said.place.point.longitude}, {said.place.point.latitude})".strip()
    return so_far.having(replace(so_far.of(receipt.receipt) or receipt, **{fact: text}))


def since(said: Correction, known: Report) -> set[str]:
    """The facts that the receipt has corrected since this was known of it."""
    return {each.fact for each in said.facts if each.version > known.version}


def corrected(so_far: Told, said: Correction, known: Report, city: City) -> Told:
    """The facts with what the receipt has corrected since. Whom it names, and whom a linked report
    accuses, is told apart."""
    category = city.categories.get(said.matter.category)
    apart = {PERSONS, AGAINST} if said.linked else {PERSONS}
    for each in said.facts:
        if each.version <= known.version or each.fact in apart:
            continue
        if each.for_incident or not said.linked:
            so_far = for_all(so_far, each.fact, said.matter, said.receipt)
        else:
            name = category.name if category else ""
            so_far = beside(so_far, each.fact, said.matter, known, name)
    return so_far


def knows_place(place: Place) -> bool:
    """Whether a place was told; an area alone may be that of the desk."""
    return bool(place.text.strip() or place.point)


def composed(so_far: Told) -> Told:
    """The narrative and the danger, made of the first report and of all linked ones."""
    linked = so_far.linked
    lines = [so_far.first.narrative, *[*filter(None, map(_line, linked))][-MOST_LINES:]]
    dangers = dict.fromkeys(filter(None, (so_far.first.danger, *(e.danger for e in linked))))
    matter = replace(
        so_far.matter,
        narrative=cut("\n".join(filter(None, lines)), MOST_NARRATIVE),
        danger=cut(SEPARATOR.join(dangers), MOST_DANGER),
        heard=so_far.heard,
    )
    return replace(so_far, matter=matter)


def _line(report: Report) -> str:
    parts = (
        ("地点：", report.place),
        ("警情类别：", report.category),
        ("", report.narrative),
    )
    said = "；".join(name + text for name, text in parts if text)
    short = said if length_of(said) <= LONGEST_LINE else f"{cut(said, LONGEST_LINE)}…"
    return part_of(report.code, short) if said else ""


def changed(before: Matter, after: Matter) -> tuple[str, ...]:
    """The names of the facts that differ; the title only where no new class or place made it."""
    names = tuple(name for name in FACTS if getattr(before, name) != getattr(after, name))
    own = before.title != after.title and not {PLACE, CATEGORY} & {*names}
    return (*names, TITLE) if own else names


def fresh(before: Iterable[Report], after: Told) -> tuple[Report, ...]:
    """The reports that were added or changed; with the first of all, the one that opened it."""
    known = set(before)
    return tuple(each for each in after.reports if each not in known)
