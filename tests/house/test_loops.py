"""Each loop that runs for ever is seen when it stands still, and asks whether it is to end: it
beats the pulse."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import shown, sources, tree_of

FOLDERS = ("libs/backbone/", "services/")
# Loops without a beat: how each is seen when it stands still, or why it cannot.
SEEN_OTHERWISE = {
    # They end with one call, one page or one stream; its caller, or its peer, waits for them.
    "libs/backbone/door/anchor.py anchor": "run_anchors beats, and awaits it",
    "libs/backbone/postgres/counting.py count_of": "one count of one list, under its time limit",
    "libs/backbone/rpc/shared_client.py _write": "one connection; its calls have deadlines",
    "libs/backbone/rpc/shared_server.py _read": "one connection; its calls have deadlines",
    "services/gateway/accounts/leaving.py _all": "the pages of one request",
    "services/gateway/live/change_stream.py _parts": "the stream of one reader",
    "services/gateway/live/terminal.py responses": "the stream of one terminal",
    # They are told by an alert of their own.
    "libs/backbone/kafka/producer.py bury": "the consumer that awaits it beats",
    "libs/backbone/kafka/producer.py run": "who publishes hears of it: EventsNotSent, BreakerOpen",
    "libs/backbone/shell/nightly.py run_nightly": "it waits long for the disk: JournalUnverified",
    "services/gateway/live/feed.py bury": "what it does not take stops the feed, which beats",
    "services/workflow/stream.py acknowledge": "its lane grows: LaneFull, ConsumerLags",
    "services/workflow/stream.py watch": "it ends the process that stands still",
    # The process is not ready before it ends.
    "services/workflow/stream_wiring.py learn_topics": "it is still starting",
}

# They end with one call, one page or one stream, which no library outlives.
END_WITH_THEIR_CALL = {
    name
    for name, why in SEEN_OTHERWISE.items()
    if why.startswith(("run_anchors", "one c", "the pages", "the stream"))
}


def ours() -> list[Path]:
    return [path for path in sources() if shown(path).startswith(FOLDERS)]


def loops() -> Iterator[tuple[str, ast.While]]:
    """The name and the code of each `while True` in a coroutine."""
    for path in ours():
        for function in ast.walk(tree_of(path)):
            if isinstance(function, ast.AsyncFunctionDef):
                for each in ast.walk(function):
                    if isinstance(each, ast.While) and isinstance(each.test, ast.Constant):
                        yield f"{shown(path)} {function.name}", each


def calls(of: ast.AST) -> Iterator[ast.Call]:
    return (each for each in ast.walk(of) if isinstance(each, ast.Call))


def beats(loop: ast.While) -> bool:
    return any(
        isinstance(each.func, ast.Attribute) and each.func.attr == "beat" for each in calls(loop)
    )


def asks(loop: ast.While) -> bool:
    """A beat asks; what does not beat asks by itself."""
    named = (each.func for each in calls(loop))
    return beats(loop) or any(
        isinstance(each, ast.Name) and each.id == "end_if_asked" for each in named
    )


def only_sleeps(loop: ast.While) -> bool:
    """Then it stands still with the event loop alone, which beats."""
    waits = (ast.Await, ast.AsyncFor, ast.AsyncWith)
    found = [each for each in ast.walk(loop) if isinstance(each, waits)]
    return all(
        isinstance(each, ast.Await) and ast.unparse(each).startswith("await asyncio.sleep(")
        for each in found
    )


def test_each_loop_beats_or_is_seen_otherwise() -> None:
    unseen = {name for name, loop in loops() if not beats(loop) and not only_sleeps(loop)}
    assert unseen == set(SEEN_OTHERWISE)


def test_each_loop_asks_whether_it_is_to_end() -> None:
    """A library may swallow its cancellation; then its process would never end."""
    deaf = {name for name, loop in loops() if not asks(loop) and not only_sleeps(loop)}
    assert deaf == END_WITH_THEIR_CALL


@pytest.mark.parametrize("method", ["beat", "rounds"])
def test_no_loop_has_the_name_of_another_one(method: str) -> None:
    """The beats of one would hide that the other stands still."""
    places: defaultdict[str, set[Path]] = defaultdict(set)
    for path in ours():
        for each in calls(tree_of(path)):
            named = isinstance(each.func, ast.Attribute) and each.func.attr == method
            if named and each.args and isinstance(each.args[0], ast.Constant):
                places[each.args[0].value].add(path)
    assert places
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
