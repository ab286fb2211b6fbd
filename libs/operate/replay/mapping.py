"""Maps places of another city into this one: points by an affine map, names by their hash."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from backbone.words.place import Point

# The share of width and height left free, so that the outermost places lie inside the city.
MARGIN = 0.01

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in degrees of longitude and latitude."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, points: Iterable[Point]) -> "Box":
        longitudes, latitudes = zip(*((p.longitude, p.latitude) for p in points), strict=True)
        return cls(min(longitudes), min(latitudes), max(longitudes), max(latitudes))

    def inner(self) -> "Box":
        wide, high = (self.east - self.west) * MARGIN, (self.north - self.south) * MARGIN
        return Box(self.west + wide, self.south + high, self.east - wide, self.north - high)

    def at(self, across: float, up: float) -> Point:
        """The point at these shares, 0 to 1, of width and height from the south-west corner."""
        longitude = self.west + across * (self.east - self.west)
        latitude = self.south + up * (self.north - self.south)
        return Point(round(longitude, 6), round(latitude, 6))

    def __str__(self) -> str:
        return f"{self.west:.4f},{self.south:.4f} … {self.east:.4f},{self.north:.4f}"


@dataclass(frozen=True, slots=True)
class Affine:
    """An affine map of one box onto another."""

    source: Box
    target: Box

    def __call__(self, point: Point) -> Point:
        source = self.source
        across = part(point.longitude, source.west, source.east)
        return self.target.at(across, part(point.latitude, source.south, source.north))


def part(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5


def by_hash(name: str, among: Sequence[T]) -> T:
    """Choose one by the hash of the name: the same on every machine and in every run."""
    return among[number_of(name, len(among))]


def number_of(name: str, below: int) -> int:
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8]) % below
