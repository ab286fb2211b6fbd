"""Finds the persons of a matter in a free text: by name, and as people call them. Pure.

A person's name is found however it is typed; and so are the surname with a form of address (张先生,
老张) and the given name with one (三丰大哥).
"""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from backbone.words.known_numbers import SHORTEST as SHORTEST_NUMBER
from backbone.words.letters import Span, folded, letters_of
from backbone.words.mentions import SHORTEST_NAME, without

NAME = "name"
_DOUBLE = re.compile(
    "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|宇文|长孙|端木|百里|南宫|西门|独孤|"
    "申屠|轩辕|钟离|闻人|澹台|公冶|宗政|濮阳|淳于|单于|太叔|仲孙|呼延|闾丘|司空|东郭|左丘|完颜|纳兰"
)
_AFTER = (
    "先生|女士|小姐|师傅|老师|同志|同学|大爷|大妈|大娘|大伯|大叔|大哥|大姐|大嫂|阿姨|阿婆|叔叔|伯伯|"
    "奶奶|爷爷|哥|姐|总|老板|经理|主任|医生|大夫|律师|队长|书记|主席|老太太|老太|老人|某某|某|"
    "mr|mrs|ms"
)
_BEFORE = "老|小|阿"
_CHINESE = re.compile(r"[\u3400-\u9fff]{2,4}")


def persons_in(text: str, names: Collection[str]) -> list[Span]:
    """Where these persons stand in the text; may overlap."""
    forms = [form for form in map(_form, names) if form is not None] if text else []
    if not forms:
        return []
    letters = letters_of(text)
    signs = "".join(sign for sign, _ in letters)
    return [
        (letters[found.start()][1], letters[found.end() - 1][1] + 1, NAME)
        for form in forms
        for found in form.finditer(signs)
    ]


def unnamed(text: str, names: Collection[str], numbers: Collection[str]) -> str:
    """The text without these persons: their names, the forms of address and their numbers."""
    return without(text, names, numbers, persons_in(text, names))


def names_and_numbers(kept: Iterable[str]) -> tuple[list[str], list[str]]:
    """Which of these are names, and which are numbers."""
    names: list[str] = []
    numbers: list[str] = []
    for each in kept:
        digits = sum(map(str.isdecimal, each))
        (numbers if digits >= SHORTEST_NUMBER else names).append(each)
    return names, numbers


def split_names(said: Iterable[str]) -> list[str]:
    """The names in fields that hold one, or several between commas."""
    return [name for each in said for name in re.split(r"[、,，;；/]", each) if name.strip()]


@lru_cache(maxsize=4096)
def _form(name: str) -> "re.Pattern[str] | None":
    plain = folded(name)
    if len(plain) < SHORTEST_NAME:
        return None
    whole = re.escape(plain)
    if not _CHINESE.fullmatch(plain):
        return re.compile(whole)
    cut = 2 if len(plain) > 2 and _DOUBLE.match(plain) else 1
    surname, given = plain[:cut], plain[cut:]
    ways = [
        f"{whole}(?:{_AFTER})?",
        f"{surname}(?:{_AFTER})",
        f"(?:{_BEFORE}){surname}(?![\u3400-\u9fff]{{0,1}}(?:路|街|村|镇|乡|区))",
    ]
    if len(given) > 1:
        ways.append(f"{given}(?:{_AFTER})")
    return re.compile("|".join(ways))
