"""Converts petitions of another city (`id,petitioner,subject,time,text,…`) to this one's."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote

from backbone.words.texts import shows_nothing
from operate.replay.cells import cell, each_read
from operate.replay.city import City
from operate.replay.dates import EXPECTED, said, time_of
from operate.replay.identity import Identity, Said, identify, plain
from operate.replay.mapping import by_hash
from operate.replay.rows import Day, Letter

COLUMNS = frozenset({"id", "petitioner", "subject", "time", "text"})
CHANNELS = ("ONLINE", "ONLINE", "ONLINE", "LETTER", "VISIT", "HOTLINE", "GREEN_POST", "PROXY")
# Categories of other intakes; a petition with their keywords is routed by its place.
NOT_FOR_PETITIONS = ("accusation", "channel", "care")

Table = Mapping[int, dict[str, str]]


def read(name: str, table: Table, city: City) -> Day:
    townships = sorted(city.townships)
    times, unread = each_read(name, table, COLUMNS, _when)
    said_in = (_said(row, table[row], time) for row, time in times.items())
    known = identify(unquote(name), "petition", said_in)
    letters = [
        letter_of(own, table[own.row], times[own.row], city, townships) for own in known.rows
    ]
    notes = {
        "places": "township matched by SHA-256 of the petitioner among the city's townships",
        "categories": "the category whose words occur most often; none: routed by the place",
        "channels": "matched by SHA-256 of the row's id",
        "times": "registered now; the original time stands at the end of the text",
    }
    if known.equal:
        notes["equal"] = f"{known.equal} rows say what an earlier one says; each is a petition"
    told = (*unread, *known.contradictions)
    rows = tuple(sorted(letters, key=lambda letter: letter.time))
    return Day(name, rows, notes, tuple(known.repeats), is_file=True, unread=told)


def _when(spot: str, row: Mapping[str, str]) -> datetime:
    cell(spot, row, "text", _visible, ("a text", "文字"))
    return cell(spot, row, "time", time_of, EXPECTED)


def _said(number: int, row: dict[str, str], time: datetime) -> Said:
    petitioner, subject, text = (plain(row[name]) for name in ("petitioner", "subject", "text"))
    return Said(number, plain(row["id"]), (petitioner, subject, said(time), text))


def letter_of(
    own: Identity, row: dict[str, str], time: datetime, city: City, townships: list[str]
) -> Letter:
    source = f"{said(time)}，编号 {own.reference}" if own.reference else said(time)
    return Letter(
        row=own.row,
        key=own.key,
        stamp=own.stamp,
        reference=own.reference,
        time=time,
        channel=by_hash(row["id"], CHANNELS),
        petitioner=row["petitioner"] or "匿名",
        subject=row["subject"],
        text=f"{row['text']}\n{marker(own.stamp, source)}",
        category=guessed(row["subject"] + row["text"], city),
        area=by_hash(row["petitioner"], townships),
    )


def _visible(text: str) -> str:
    """Raises ValueError for a text that shows nothing: the note at its end is no petition."""
    if shows_nothing(text):
        raise ValueError(text)
    return text


def marker(stamp: str, time: str) -> str:
    """A note at the end of the text with the petition's original time and its row's stamp."""
    return f"(原登记时间 {time},来源 {stamp})"


def key_in(text: str) -> str:
    """The stamp in the marker of a text; empty if there is no marker."""
    return text.rpartition(",来源 ")[2].removesuffix(")") if text.endswith(")") else ""


def guessed(text: str, city: City) -> str:
    """The category with the most keywords in the text, then with the longest ones; or ""."""
    best, category = (0, 0), ""
    for each in city.categories.values():
        if each.code.partition(".")[0] in NOT_FOR_PETITIONS:
            continue
        found = [word for word in each.keywords if word in text]
        score = (len(found), sum(map(len, found)))
        if score > best:
            best, category = score, each.code
    return category
