"""The documents point at what is there, name every command, and say the same in both languages."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

import pytest
from typer.models import CommandInfo

from operate.cli.command import app
from tests.house.sources import TOP

DOCUMENTS = sorted(
    path.relative_to(TOP).as_posix()
    for path in chain(TOP.glob("*.md"), TOP.glob("docs/**/*.md"), TOP.glob("deploy/**/*.md"))
)
TARGETS = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.M))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_inside_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (TOP / name).read_text())
    folder = (TOP / name).parent
    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_is_in_the_makefile(name: str) -> None:
    text = (TOP / name).read_text()
    blocks = "\n".join(re.findall(r"^```.*?\n(.*?)^```", text, re.M | re.S))
    told = re.findall(r"`make ([a-z-]+)", text) + re.findall(r"^ *make ([a-z-]+)", blocks, re.M)
    assert set(told) <= TARGETS


def test_the_chinese_readme_has_every_part_of_the_english_one() -> None:
    def parts(name: str) -> list[int]:
        text = (TOP / name).read_text()
        return [len(re.findall(part, text, re.M)) for part in ("^## ", "^```", r"^\| `", "^post ")]

    assert parts("README.zh.md") == parts("README.md")


GROUPS = {str(each.name): each.typer_instance for each in app.registered_groups}


def names_of(commands: Iterable[CommandInfo]) -> list[str]:
    return [each.name or str(getattr(each.callback, "__name__", "")) for each in commands]


def commands() -> set[str]:
    """Every command of `liandong`; one of a group begins with the name of the group."""
    grouped = (
        f"{group} {name}"
        for group, instance in GROUPS.items()
        for name in names_of(instance.registered_commands if instance else ())
    )
    return {*names_of(app.registered_commands), *grouped}


def told_in(name: str) -> Iterator[str]:
    """The commands of a README: `seals list [--json]|rotate` tells two."""
    text = (TOP / name).read_text()
    [part] = re.findall(r"`\.venv/bin/liandong` `\[--debug\]` (.*?`replay)", text, re.S)
    for words in re.findall(r"`([^`]+)", re.sub(r" ?\[[^\]]*\]", "", part)):
        first, _, rest = words.partition(" ")
        if first in GROUPS:
            yield from (f"{first} {verb}" for verb in rest.split("|"))
        elif first not in ("·", ""):
            yield first


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_a_readme_names_every_command(name: str) -> None:
    assert {each.strip() for each in told_in(name)} == commands()
