"""The working calendar of the demo city, and local times as a reader writes them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from backbone.words.calendar import ZONE
from services.directory.calendar_file import read_calendar
from services.directory.flaws import Flaws

FILE = Path("deploy/city/demo/calendar.yaml")
CALENDAR = read_calendar(FILE.name, FILE.read_text("utf-8"), Flaws())


def local(text: str) -> datetime:
    """Read a local time such as 2025-09-26 10:00; 24:00 is the end of the day."""
    day, _, hours = text.partition(" ")
    if hours == "24:00":
        return local(f"{day} 00:00") + timedelta(days=1)
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)
