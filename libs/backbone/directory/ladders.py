"""The ladder between the wire and the records that services work with."""

from typing import Any

from backbone.words.ladder import Ladder, People, Step
from liandong.directory.v1 import directory_pb2 as wire


def ladder_message(ladder: Ladder) -> wire.Ladder:
    rungs = [
        wire.LadderRung(
            priority=priority,
            seconds=step.seconds,
            when=step.when,
            tell=step.tell,
            channels=step.channels,
            working=step.working,
        )
        for priority, steps in ladder.rungs.items()
        for step in steps
    ]
    people = [
        wire.LadderPeople(who=who, of=each.of, roles=each.roles)
        for who, each in ladder.people.items()
    ]
    return wire.Ladder(
        rungs=rungs,
        every_seconds=dict(ladder.every_seconds),
        people=people,
        working=sorted(ladder.working),
    )


def to_ladder(message: Any) -> Ladder:
    rungs: dict[str, tuple[Step, ...]] = {}
    for rung in message.rungs:
        tell, channels = tuple(rung.tell), tuple(rung.channels)
        step = Step(rung.seconds, rung.when, tell, channels, rung.working)
        rungs[rung.priority] = (*rungs.get(rung.priority, ()), step)
    people = {each.who: People(each.of, tuple(each.roles)) for each in message.people}
    working = frozenset(message.working)
    return Ladder(rungs, dict(message.every_seconds), people, working)
