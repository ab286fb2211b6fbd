"""`liandong deadletters`: lists unreadable records and parked events, and replays parked ones."""

import asyncio
import json as jsons
from collections.abc import Sequence
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from operate.admin import deadletters
from operate.admin import parked as parking
from operate.admin.deadletters import Letter
from operate.cli.note import Note
from operate.cli.screen import console, errors, plain, say, words
from operate.home import absence
from operate.home.home import Home
from operate.home.trouble import Trouble
from operate.run.installation import Installation

app = typer.Typer(help="records that could not be read or applied", no_args_is_help=True)


@app.command("list")
def list_letters(
    json: Annotated[bool, typer.Option("--json", help="for scripts")] = False,
) -> None:
    """List dead letters. Exit code 1 if Kafka or a service does not answer."""
    installation = Installation.here(Home.here())
    letters, silent = asyncio.run(everything(installation))
    if json:
        print(jsons.dumps([letter.as_json() for letter in letters], ensure_ascii=False))
    elif letters or not silent:
        show_table(letters)
    tell_silent(silent)
    raise typer.Exit(1 if silent else 0)


@app.command()
def show(place: Annotated[str, typer.Argument(help="TOPIC/PARTITION/OFFSET")]) -> None:
    """Show one record with its origin, reason and content."""
    letters, silent = asyncio.run(everything(Installation.here(Home.here())))
    found = [letter for letter in letters if letter.place == place]
    if not found:
        tell_silent(silent)
        raise no_such([place])
    for letter in found:
        console.print_json(jsons.dumps(letter.as_json()))
        if letter.kind == "dead":
            console.print(f"key   {letter.key.decode(errors='replace')}", markup=False)
            console.print(f"value {readable(letter.value)}", markup=False)


@app.command()
def replay(
    aggregate_id: Annotated[str, typer.Argument(help="all parked events by default")] = "",
) -> None:
    """Apply parked events again, in order. Exit code 1 if some are still parked.

    Dead records cannot be replayed, because they are unreadable, but for those that an older
    release could not apply during an upgrade: they are sent again. Commands are never replayed.
    """
    if not aggregate_id and (again := asyncio.run(sent_again(Installation.here(Home.here())))):
        say(f"{again} sent again", f"已重新发送 {again} 条")
    applied, waiting = asyncio.run(try_again(Installation.here(Home.here()), aggregate_id))
    say(f"{applied} applied, {waiting} still wait", f"已应用 {applied} 条，仍等待 {waiting} 条")
    raise typer.Exit(1 if waiting else 0)


@app.command()
def acknowledge(
    note: Note,
    places: Annotated[list[str] | None, typer.Argument(help="TOPIC/PARTITION/OFFSET")] = None,
    every: Annotated[bool, typer.Option("--all", help="all that are listed, instead")] = False,
) -> None:
    """Record that a person has seen to dead records: they are not listed any more.

    They stay in Kafka as long as their topic keeps them. Parked events are replayed instead.
    """
    if every == bool(places):
        raise Trouble(
            "Give either the places of dead letters, as `liandong deadletters list` shows them, "
            "or --all.",
            "请给出死信的位置（见 liandong deadletters list），或者使用 --all，二者择一。",
        )
    installation = Installation.here(Home.here())
    letters = asyncio.run(deadletters.read_dead(installation.brokers, installation.keys))
    if letters is None:
        raise absence.of(installation, "kafka")
    known = {letter.place for letter in letters}
    if missing := [place for place in places or () if place not in known]:
        raise no_such(missing)
    wanted = [letter for letter in letters if every or letter.place in (places or ())]
    asyncio.run(deadletters.acknowledge(installation.brokers, installation.keys, wanted, note))
    say(f"{len(wanted)} acknowledged", f"已确认 {len(wanted)} 条")


def no_such(places: Sequence[str]) -> Trouble:
    told = ", ".join(places)
    return Trouble(f"There is no dead letter {told}.", f"没有死信 {told}。")


async def everything(installation: Installation) -> tuple[list[Letter], list[str]]:
    """Return dead records (in Kafka) and parked events (in Postgres), and who did not answer."""
    dead, (parked, silent) = await asyncio.gather(
        deadletters.read_dead(installation.brokers, installation.keys),
        parking.read_parked(installation),
    )
    return [*(dead or ()), *parked], ["kafka", *silent] if dead is None else silent


async def sent_again(installation: Installation) -> int:
    try:
        return await deadletters.send_again(installation.brokers, installation.keys)
    except (KafkaError, OSError) as error:
        raise absence.of(installation, "kafka") from error


async def try_again(installation: Installation, aggregate_id: str) -> tuple[int, int]:
    parked, silent = await parking.read_parked(installation)
    if silent:
        names = ", ".join(silent)
        raise Trouble(
            f"No answer from {names}: `liandong status` tells more.",
            f"以下服务没有应答：{names}；请用 liandong status 查看。",
        )
    wanted = [each for each in parked if aggregate_id in ("", each.aggregate_id)]
    if aggregate_id and not wanted:
        raise Trouble(f"No event of {aggregate_id} waits.", f"{aggregate_id} 没有等待的事件。")
    return await parking.replay(installation, wanted)


def tell_silent(silent: list[str]) -> None:
    if silent:
        names = ", ".join(silent)
        errors.print(
            words(
                f"no answer from: {names}; `liandong status` tells more",
                f"没有应答：{names}；请用 liandong status 查看",
            )
        )


def show_table(letters: list[Letter]) -> None:
    if not letters:
        say("no dead letters", "没有死信")
        return
    table = plain(*words("kind service where time reason", "类别 服务 位置 时间 原因").split())
    for each in letters:
        table.add_row(each.kind, each.service, each.place, each.time[:19], each.reason)
    console.print(table)


def readable(value: bytes) -> str:
    """UTF-8 as text, other bytes in hexadecimal; at most 2000 characters."""
    try:
        return value.decode()[:2000]
    except UnicodeDecodeError:
        return value.hex(" ")[:2000]
