"""What the documents point at is there, and both languages say the same."""

import re

import pytest

from tests.house.sources import TOP

DOCUMENTS = sorted(path.name for path in TOP.glob("*.md"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_inside_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (TOP / name).read_text())
    assert [link for link in links if not (TOP / link).exists()] == []


def test_the_chinese_readme_has_every_part_of_the_english_one() -> None:
    def parts(name: str) -> list[int]:
        text = (TOP / name).read_text()
        return [len(re.findall(part, text, re.M)) for part in ("^## ", "^```", r"^\| `", "^post ")]

    assert parts("README.zh.md") == parts("README.md")
