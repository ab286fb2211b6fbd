"""Converts petitions of another city (`id,petitioner,subject,time,text,…`) to this one's."""

from operate.replay.cells import cell
from operate.replay.city import City
from operate.replay.dates import EXPECTED, time_of
from operate.replay.mapping import by_hash
from operate.replay.rows import Day, Letter

COLUMNS = frozenset({"id", "petitioner", "subject", "time", "text"})
CHANNELS = ("ONLINE", "ONLINE", "ONLINE", "LETTER", "VISIT", "HOTLINE", "GREEN_POST", "PROXY")
# Categories of other intakes; a petition with their keywords is routed by its place.
NOT_FOR_PETITIONS = ("accusation", "channel", "care")

Table = list[dict[str, str]]


def read(name: str, table: Table, city: City) -> Day:
    townships = sorted(city.townships)
    letters = [
        letter_of(f"{name}#{number}", row, city, townships)
        for number, row in enumerate(table, start=1)
    ]
    notes = {
        "places": "township matched by SHA-256 of the petitioner among the city's townships",
        "categories": "the category whose words occur most often; none: routed by the place",
        "channels": "matched by SHA-256 of the row's id",
        "times": "registered now; the original time stands at the end of the text",
    }
    return Day(name, tuple(sorted(letters, key=lambda letter: letter.time)), notes)


def letter_of(key: str, row: dict[str, str], city: City, townships: list[str]) -> Letter:
    time = cell(key, row, "time", time_of, EXPECTED)
    return Letter(
        key=key,
        time=time,
        channel=by_hash(row["id"], CHANNELS),
        petitioner=row["petitioner"] or "匿名",
        subject=row["subject"],
        text=f"{row['text']}\n{marker(key, row['time'])}",
        category=guessed(row["subject"] + row["text"], city),
        area=by_hash(row["petitioner"], townships),
    )


def marker(key: str, time: str) -> str:
    """A note at the end of the text with the petition's original time and its row's key."""
    return f"(原登记时间 {time},来源 {key})"


def key_in(text: str) -> str:
    """The key in the marker of a text; empty if there is no marker."""
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
