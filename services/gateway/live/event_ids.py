"""The ids of the stream of changes: compact, opaque to clients, validated when decoded."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 4_096


@dataclass(frozen=True, slots=True)
class EventId:
    """`vector` is the next offset of each partition; `partition` and `timestamp` are those of the
    last record sent: they tell whether the topic was recreated since."""

    epoch: int
    vector: tuple[int, ...]
    partition: int | None = None
    timestamp: int = 0

    def encode(self) -> str:
        last = 0 if self.partition is None else self.partition + 1
        numbers = bytearray()
        for number in (self.epoch, last, self.timestamp, *self.vector):
            _put(numbers, number)
        return urlsafe_b64encode(numbers).decode("ascii").rstrip("=")


def decode(text: str) -> EventId:
    """Raises ValueError for a text that no gateway has issued."""
    if len(text) > LONGEST or not text.isascii():
        raise ValueError("not an id of ours")
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    numbers = list(_numbers(raw))
    if len(numbers) < 3 or numbers[1] > len(numbers) - 3:
        raise ValueError("not an id of ours")
    epoch, last, timestamp, *vector = numbers
    return EventId(epoch, tuple(vector), last - 1 if last else None, timestamp)


def _put(numbers: bytearray, number: int) -> None:
    while number > 0x7F:
        numbers.append(number & 0x7F | 0x80)
        number >>= 7
    numbers.append(number)


def _numbers(raw: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in raw:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number = shift = 0
        elif shift > 63:
            raise ValueError("a number is too long")
    if shift:
        raise ValueError("the last number is cut off")
