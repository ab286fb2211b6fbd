"""The names that people use beside the official one: what a place was called before, and for short.

A village was a brigade, a neighbourhood has its residents' committee, a district was a county.
"""

from collections.abc import Iterator, Mapping

# By the ending of the official name: the endings that people say instead, none for the bare name.
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "街道": ("街道办", "办事处", "街办", "街"),
    "社区": ("居委会", "居委"),
    "镇": ("乡", "公社"),
    "乡": ("公社",),
    "村": ("大队",),
    "区": ("", "县"),
    "县": ("",),
    "市": ("",),
}


def with_aliases(areas: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Code, name and aliases of each area; what is the name of another area is no alias."""
    taken = set(areas.values())
    for code, name in areas.items():
        yield code, name, ";".join(each for each in _aliases(name) if each not in taken)


def _aliases(name: str) -> Iterator[str]:
    for ending, others in ENDINGS.items():
        if name.endswith(ending):
            stem = name.removesuffix(ending)
            yield from (stem + other for other in others if len(stem + other) > 1)
            return
