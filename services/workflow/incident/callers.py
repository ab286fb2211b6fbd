"""Further callers of the same matter: linked 并入, unlinked 撤销关联. No name, no number."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.correction import DANGER, NARRATIVE, PLACE, CallerLink
from services.workflow.incident import amending, reports
from services.workflow.incident.record import Incident, Report, State
from services.workflow.incident.world import World


class LinkCaller(Struct, frozen=True):
    by: Actor
    link: CallerLink


class UnlinkCaller(Struct, frozen=True):
    by: Actor
    link: CallerLink


class CallerLinked(Struct, frozen=True):
    """`merged` is the code of the incident that was merged into this one with the report.

    `persons` are the names of its caller, each sealed: texts are searched for them from now on.
    """

    time: datetime
    report: Report
    merged: str = ""
    persons: tuple[str, ...] = ()


class CallerUnlinked(Struct, frozen=True):
    time: datetime
    report: Report


def link(
    incident: Incident, command: LinkCaller, now: datetime, world: World
) -> list[CallerLinked | amending.Event]:
    """Record the link once. The facts of the report belong to the incident at once: its danger,
    and its place and words beside the narrative."""
    said = command.link
    known = reports.told(incident).of(said.receipt) or Report(said.receipt, said.code)
    if said.version <= known.link_version:
        return []
    # A correction that overtook the link was made by the same report, and is newer.
    told = {name: getattr(said, name) for name in (DANGER, NARRATIVE, PLACE)}
    if known.version > said.version:
        told = {name: getattr(known, name) or text for name, text in told.items()}
    heard = known.heard if known.version > said.version else said.heard
    joined = replace(
        known,
        linked=True,
        link_version=said.version,
        merged=said.merged,
        heard=heard,
        **told,
    )
    linked = CallerLinked(now, joined, said.merged, said.persons)
    known_by = knowing(incident, said.persons)
    return [linked, *_facts_with(known_by, joined, now, world, said.priority)]


def unlink(
    incident: Incident, command: UnlinkCaller, now: datetime, world: World
) -> list[CallerUnlinked | amending.Event]:
    """Record that it has left; what it told beside the facts goes with it."""
    said = command.link
    known = reports.told(incident).of(said.receipt) or Report(said.receipt, said.code)
    if said.version <= known.link_version:
        return []
    left = Report(said.receipt, said.code, link_version=said.version, version=known.version)
    return [CallerUnlinked(now, left), *_facts_with(incident, left, now, world)]


def _facts_with(
    incident: Incident, report: Report, now: datetime, world: World, priority: str = ""
) -> list[amending.Event]:
    """The correction, where the report changes the facts of an incident that is not over. A
    priority that is more urgent holds."""
    after = reports.told(incident).having(report)
    urgent = min(filter(None, (after.matter.priority, priority)), default="")
    after = replace(after, matter=replace(after.matter, priority=urgent))
    facts = reports.composed(after).matter
    if incident.over or not reports.changed(incident.matter, facts):
        return []
    before = replace(incident, reports=after.reports)
    return amending.facts_after(before, after, now, world, receipt=report.receipt)


def knowing(incident: Incident, persons: tuple[str, ...]) -> Incident:
    """The incident with these persons too; one whose report leaves stays known."""
    if not persons:
        return incident
    both = tuple(dict.fromkeys((*incident.matter.persons, *persons)))
    return replace(incident, matter=replace(incident.matter, persons=both))


def linked(incident: Incident, event: CallerLinked) -> Incident:
    known = knowing(incident, event.persons)
    return replace(known, reports=reports.told(incident).having(event.report).reports)


def unlinked(incident: Incident, event: CallerUnlinked) -> Incident:
    return replace(incident, reports=reports.told(incident).having(event.report).reports)


VERBS = (verb(State, link), verb(State, unlink))
CHANGES = (change(linked), change(unlinked))
