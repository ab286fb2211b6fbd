"""Earlier receipts about the same event: rows are compared as they are found, and those that are
suggested are proven first."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from backbone.door.rows import RowsOf
from backbone.postgres.asking import Asked
from backbone.words.addresses import is_exact
from backbone.words.followed import PENDING
from backbone.words.place import Place
from services.alarm import storage
from services.alarm.receipt.cells import cells_around
from services.alarm.receipt.intake import ReceiveAlarm
from services.alarm.receipt.suggested import RepeatSuggestion
from services.alarm.receipt.suggestions import Earlier, Sighting, Window, repeats


class Numbers(Struct, frozen=True):
    number_index: str = ""
    line_index: str = ""
    further: tuple[str, ...] = ()
    further_lines: tuple[str, ...] = ()


class Report(Struct, frozen=True):
    caller: Numbers
    place: Place
    narrative: str
    address: str = ""


class Origin(Struct, frozen=True):
    receive_time: Annotated[datetime, Meta(tz=True)]


class Classification(Struct, frozen=True):
    category: str


class Known(Struct, frozen=True):
    state: str = PENDING


class Incident(Struct, frozen=True):
    id: str
    known: Known


class Glimpse(Struct, frozen=True):
    """The facts of a receipt's document that are compared: a fifth of the time to read all."""

    code: str
    origin: Origin
    report: Report
    classification: Classification
    incident: Incident | None = None


async def repeats_of(
    rows: RowsOf, taken: ReceiveAlarm, seen: Sighting, window: Window
) -> tuple[RepeatSuggestion, ...]:
    """The likeliest repeats that the desk may see, one for each incident."""
    found, asked = await _earlier(rows, taken, seen, window)
    by_id = {str(row["id"]): row for row in found if row["id"] != taken.id}
    earlier = await _glimpsed(rows, asked, by_id.values())
    while chosen := repeats(seen, earlier, window):
        shown = await rows.all_shown((by_id[each.receipt] for each in chosen), asked)
        sound = {str(row["id"]) for row in shown}
        if len(sound) == len(chosen):
            break
        forged = {each.receipt for each in chosen} - sound
        earlier = [each for each in earlier if each.receipt not in forged]
    return chosen


async def _earlier(
    rows: RowsOf, taken: ReceiveAlarm, seen: Sighting, window: Window
) -> tuple[Sequence[Any], Asked]:
    """By cells where the point is known, else by the whole area that is; and by the number and
    the address."""
    point = seen.place.point
    where = storage.Where(
        cells=cells_around(point, window.metres) if point else (),
        area="" if point else seen.place.area,
        numbers=seen.numbers,
        address=seen.address if is_exact(seen.address) else "",
        against=taken.against,
        lines=seen.lines,
    )
    return await storage.earlier(rows, taken.by, seen.time - window.time, where)


async def _glimpsed(rows: RowsOf, asked: Asked, found: Iterable[Any]) -> list[Earlier]:
    """A document that an older release has written is proven and read whole."""
    glimpses = []
    for row in found:
        try:
            if row["shape"] == rows.decider.table.shape:
                glimpses.append(_read(row["id"], row["doc"]))
                continue
        except msgspec.MsgspecError:
            pass  # the proof tells why
        for proven in await rows.all_shown([row], asked):
            doc = rows.decider.to_doc(rows.decider.from_row(proven))
            glimpses.append(_read(row["id"], doc))
    return glimpses


@lru_cache(maxsize=1_000)  # in a disaster each call is compared with those of the last minutes
def _read(receipt: UUID, doc: str) -> Earlier:
    """Raises MsgspecError for a document that no release has written."""
    found = msgspec.json.decode(doc, type=Glimpse)
    report, known = found.report, found.incident
    seen = Sighting(
        time=found.origin.receive_time,
        place=report.place,
        category=found.classification.category,
        narrative=report.narrative,
        number_index=report.caller.number_index,
        line_index=report.caller.line_index,
        further=report.caller.further,
        further_lines=report.caller.further_lines,
        address=report.address,
    )
    incident, state = (known.id, known.known.state) if known else ("", "")
    return Earlier(str(receipt), found.code, incident, seen, state)
