"""A subscription: which events of a topic concern a service, and the requests that they make."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from google.protobuf.message import Message

from backbone.door.request import Request

# Returns the requests that some events of one source aggregate, in order, make to the service's own
# aggregates; may be empty. The cause of each request is the id of one of the events.
Asked: TypeAlias = Sequence[Request[Any]]
Handler: TypeAlias = Callable[[Sequence[Any]], Asked | Awaitable[Asked]]


@dataclass(frozen=True)
class Subscription:
    """A consumer group, its topic, the topic's message, and the handler of its events.

    `parks_unknown` parks an event of an unknown kind, from a newer producer; otherwise it is
    ignored and counted. `ours` is a query that selects the source aggregates among $1 whose events
    concern this service; `kinds` names the kinds that do, empty for all. Other events leave no
    trace in the inbox, so with `kinds` gaps between versions are not reported.
    """

    group: str
    topic: str
    event: type[Message]
    handler: Handler
    parks_unknown: bool = False
    ours: str = ""
    kinds: frozenset[str] = frozenset()

    def concerns(self, kind: str | None) -> bool:
        """Whether an event of this kind, None for an unknown one, must go to the handler."""
        return not self.kinds or kind in self.kinds or (kind is None and self.parks_unknown)


def kind_of(event: Any) -> str | None:
    """The name of the event's kind, None for a kind of a newer producer."""
    kind: str | None = event.WhichOneof("kind")
    return kind
