"""The rules of user names and passwords. Pure, but for the list of common passwords."""

import re
from functools import cache
from pathlib import Path
from unicodedata import category, normalize
from unicodedata import name as told

from backbone.words.actor import FOR
from backbone.words.texts import refused_character, shows_nothing
from services.gateway.http.problems import Problem

COMMON = Path(__file__).with_name("common_passwords.txt")
SHORTEST, LONGEST = 10, 200
LONGEST_NAME = 100
# With fewer different characters a password is a pattern: aaaaaaaaaa, 1212121212.
FEWEST_CHARACTERS = 5
# A shorter name may stand in a password by chance.
TELLING_NAME = 3

# What stands between a key and the person whom it names, and between a deputy and a person, with
# what looks like it; and how the latter is shown: in brackets, or after a space.
SIGNS = frozenset(("/", FOR, *"∕⁄⟋╱›»❯❱⟩〉》〉≻→"))
STANDING_IN = re.compile(r"[^\w·]代")
# `contract/naming.py` shows a key without a person by its unit: 青山镇派出所的接口.
OF_A_KEY = re.compile(r"的接口$|^the interface of\b")
# The audit names an operator who types a command so, and the calls of that command.
AT_THE_MACHINE = re.compile(r"^operator:|^liandong$")
# The writing of names here, by how Unicode calls its signs: Chinese, and the alphabets of the
# country's peoples. None of these has letters that could be taken for Chinese or for A to Z, as all
# of a Cyrillic or Greek name may (сосо), kana (ロ 口) and radicals (⺠ 民).
CHINESE = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "IDEOGRAPHIC NUMBER ZERO")
LATIN = "LATIN"
ALPHABETS = (LATIN, "HANGUL SYLLABLE", "TIBETAN", "MONGOLIAN", "ARABIC", "YI SYLLABLE")
# The dot between the parts of a name (阿卜杜拉·买买提), and the signs that people type for it.
DOT = "·"
DOTS = str.maketrans(dict.fromkeys("•‧・∙⋅", DOT))


def folded(name: str) -> str:
    """The form in which names are compared: names that differ in width, case or the kind of dot
    between their parts are one name."""
    return normalize("NFKC", name).translate(DOTS).casefold()


def require_name(name: str) -> None:
    """Raises Problem 422."""
    fits = 0 < len(name) <= LONGEST_NAME and name.isprintable() and not refused_character(name)
    if not fits or imitates(name) or any(shows_nothing(each) for each in name):
        raise Problem(422, "BAD_USER_NAME", {"most": LONGEST_NAME})
    plain = normalize("NFKC", name)
    signs = (each for each in plain if category(each)[0] == "P" and not each.isascii())
    _require_own_letters(name, "".join(signs).replace(DOT, ""))


def _require_own_letters(name: str, signs: str = "") -> None:
    if foreign := [*foreign_letters(name), *dict.fromkeys(signs)]:
        letters = ", ".join(f"{each} (U+{ord(each):04X})" for each in foreign)
        raise Problem(422, "FOREIGN_LETTERS", {"name": name, "given": letters})


def imitates(name: str) -> bool:
    """Whether the name reads like that of a deputy, of a key, of a person whom a key names, or of
    an operator at the machine."""
    plain = folded(name)
    forms = (STANDING_IN, OF_A_KEY, AT_THE_MACHINE)
    return bool(SIGNS & {*plain}) or any(form.search(plain) for form in forms)


def names_someone(name: str) -> bool:
    """Whether a letter is in it: a row of signs or a telephone number names nobody."""
    return any(category(each).startswith("L") for each in name)


def foreign_letters(name: str) -> list[str]:
    """The letters, digits and signs that names here do not have, those that show nothing, and those
    of all alphabets but the commonest one: letters of two alphabets look alike, as the Latin and
    the Cyrillic o do. Beside one alphabet there may be Chinese."""
    alphabets: dict[str, list[str]] = {}
    for each in normalize("NFKC", name):
        if each != " " and shows_nothing(each):
            alphabets.setdefault("", []).append(each)
        elif (alphabet := _alphabet(each)) is not None:
            alphabets.setdefault(alphabet, []).append(each)
    foreign = alphabets.pop("", [])
    by_length = sorted(alphabets.values(), key=len, reverse=True)
    return [*dict.fromkeys(foreign + [each for letters in by_length[1:] for each in letters])]


def _alphabet(sign: str) -> str | None:
    """None of Chinese and of what stands beside letters; empty if no name here has the sign."""
    kind, called = category(sign)[0], told(sign, "")
    if sign.isascii():
        return LATIN if kind == "L" else None
    if kind not in "LMNS" or called.startswith(CHINESE):
        return None
    alphabet = next((each for each in ALPHABETS if called.startswith(each)), "")
    if alphabet == LATIN:  # é is an e; ɑ and ı would be taken for a and i
        return LATIN if normalize("NFKD", sign)[0].isascii() else ""
    return alphabet if kind in "LM" else ""


def require_name_of_person(name: str) -> None:
    """Raises Problem 422 for a person's name with a character that no text may have, and for one
    that reads like another's."""
    _require_characters("name", name)
    if imitates(name):
        raise Problem(422, "NAME_IN_DISGUISE", {"name": name})
    _require_own_letters(name)


def _require_characters(field: str, text: str) -> None:
    if character := refused_character(text):
        reason = "NUL_CHARACTER" if character == "U+0000" else "CONTROL_CHARACTER"
        raise Problem(422, reason, {"field": field, "character": character})


def require_password(password: str, *names: str) -> None:
    """Raises Problem 422 for a password that is too short or too long, that contains one of the
    names or a character that a sign-in refuses, or that is tried first by everyone who guesses."""
    _require_characters("password", password)
    if not SHORTEST <= len(password) <= LONGEST:
        raise Problem(422, "PASSWORD_LENGTH", {"least": SHORTEST, "most": LONGEST})
    plain = folded(password)
    telling = [folded(name) for name in names if len(name) >= TELLING_NAME]
    if any(name in plain for name in telling):
        raise Problem(422, "PASSWORD_HOLDS_THE_NAME")
    if plain in common() or len(set(plain)) < FEWEST_CHARACTERS:
        raise Problem(422, "PASSWORD_TOO_COMMON")


@cache
def common() -> frozenset[str]:
    """The folded lines of the list."""
    return frozenset(folded(line) for line in COMMON.read_text("utf-8").splitlines() if line)
