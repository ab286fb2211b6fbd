"""`liandong replay [FILE] [--report OUT.json] [--speed N]`: read, drive, audit, report."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from operate.home.home import Home
from operate.replay import made_day
from operate.replay.city import City, read_city, read_keys, read_run
from operate.replay.client import FIRST_LOOK, Connection
from operate.replay.files import read_day
from operate.replay.play import Play, Width
from operate.replay.progress import bars, show
from operate.replay.report import Report
from operate.replay.rows import Day

CONNECTIONS = 48

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def replay(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="calls (lat,lng,title,time,township,address) or petitions "
            "(id,petitioner,subject,time,text) as CSV or XLSX; a generated day by default"
        ),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="the JSON file for the report")] = None,
    speed: Annotated[
        float | None,
        typer.Option(min=0.01, help="average rows a second, spaced like the rows' own times"),
    ] = None,
    size: Annotated[int, typer.Option(min=1, help="rows of the generated day")] = made_day.SIZE,
    seed: Annotated[int, typer.Option(help="seed of the generated day")] = made_day.SEED,
) -> None:
    """Replay a day of calls or petitions, and check that the counts agree.

    A row is known again by its reference (`id` of petitions, `reference` of calls) or by what it
    says, whatever the file is called: it is told, and not taken twice. One that says something else
    under its reference is not taken. Exit code 1 then, and if the counts do not agree.
    """
    if report:
        Report.demand_room(report)
    found = uvloop.run(played(lambda city: day_of(city, file, size, seed), speed))
    found.show()
    if report:
        found.write(report)
    raise typer.Exit(0 if found.agrees else 1)


def day_of(city: City, file: Path | None, size: int, seed: int) -> Day:
    return read_day(file, city) if file else made_day.make(city, size, seed)


async def played(choose: Callable[[City], Day], speed: float | None) -> Report:
    run = read_run(Home.here())
    keys = read_keys(run)
    async with Connection(run["gateway"], 1, FIRST_LOOK, run.get("ca")) as first:
        city = await read_city(first, keys)
    async with Connection(run["gateway"], CONNECTIONS, ca=run.get("ca")) as connection:
        play = Play(connection, keys, city, choose(city))
        with bars() as progress:
            drawing = asyncio.create_task(show(progress, play.ledger, play.rows))
            try:
                return await play.run(speed, Width())
            finally:
                drawing.cancel()


def main(arguments: Sequence[str]) -> int:
    """Run `liandong replay` with these arguments; return the exit code."""
    code = app(list(arguments), prog_name="liandong replay", standalone_mode=False)
    return int(code or 0)
