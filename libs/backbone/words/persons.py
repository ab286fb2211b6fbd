"""Finds the persons of a matter in a free text: by name, and as people call them. Pure.

A person's name is found however it is typed; and so are the surname with a form of address (张先生,
老张, 姓张的) and the given name with one (三丰大哥). Of a protected caller the given name alone
(三丰) and what is made of its last character (阿丰, 丰哥) are found, too, and a surname of two
characters.
"""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from backbone.words import hidden_forms
from backbone.words.known_numbers import SHORTEST as SHORTEST_NUMBER
from backbone.words.letters import Letters, Span, folded, letters_of
from backbone.words.mentions import SHORTEST_NAME, without
from backbone.words.names_said import names_said
from backbone.words.nobody import names_nobody
from backbone.words.surnames import DOUBLE

NAME = "name"
_AFTER = (
    "先生|女士|小姐|师傅|老师|同志|同学|大爷|大妈|大娘|大伯|大叔|大哥|大姐|大嫂|大姨|大婶|大爹|小妹|阿姨|阿婆|"
    "叔叔|伯伯|婆婆|奶奶|爷爷|妈妈|爸爸|太太|夫人|哥|姐|叔|婶|姨|嫂|伯|妈|爷|兄|妹|氏|总|董事长|老板|经理|主任|"
    "医生|大夫|护士|律师|法官|检察官|记者|会计|司机|房东|教练|队长|书记|支书|主席|[村乡镇厂站社班组]长|网格员|"
    "丫头|姑娘|小伙子|小伙|老太太|老太|老人|老汉|老头|老爷子|老伯|老弟|老哥|老姐|某某|某|"
    "姓(?:男子|女子|男|女|老人|居民|群众)?|工程师|工(?![人地程作厂业资会])|警官|民警|辅警|sir|局长|科长|所长|院长|"
    "校长|教授|家(?=人|媳妇|儿媳|小子|姑娘|儿子|女儿|孩子|老[太头大二])|mr|mrs|ms"
)
_BEFORE = "老|小|阿|mr|mrs|ms|miss|dr"
# Forms of address behind the last character of a given name, as 凤姐.
_KIN = "哥|姐|叔|婶|姨|嫂|伯|爷|奶奶|妹|弟|先生|女士|小姐|丫头|姑娘|妞|儿(?![童科])"
# With these in front of it, or behind 小, a last character makes another word (大哥, 小时).
_NO_NAME = frozenset("大小老二三四五阿时心学区孩车路子")
# These make one behind 大 or 老 (大家, 老年), and twice (天天, 人人).
_NO_BIG_NAME = frozenset("家力年实庆雨雪风火声楼门量队街师人")
_NOT_TWICE = frozenset("天人家常时刚星年事处")
# A form of address in front of a shop's name is a part of that (老王头面馆).
_NO_SHOP = (
    "(?!(?:[头家记氏]|牛肉|羊肉|家常|私房|手工|川|小){0,3}"
    "(?:(?:包子|饺子|水饺|馒头|早餐|早点|水果|五金|服装|杂货|烟酒|火锅|药|粉|米|花)[店铺馆]|[面饭餐菜茶旅宾]馆|[饭酒]店|"
    "[酒茶]楼|酒家|超市|便利店|烧烤|小吃|麻辣烫|拉面|大排档|小卖[部铺]|批发部|理发(?=[店馆厅室部门旁前对]|$)|美[发容][店院]|"
    "修理[铺店部厂]|汽修|洗车[店行场]|诊所|网吧|棋牌室|客栈|招待所|农家[乐院]|养殖场|店(?![主员老里内的被家])|铺子))"
)
_NO_PLACE = "(?![\u3400-\u9fff]?(?:路|街|村|镇|乡|区|巷|桥|门))"
_CHINESE = re.compile(r"[\u3400-\u9fff]{2,4}")
# A person of whom the surname alone is known, as 李 or 李先生.
_CALLED = re.compile(rf"({DOUBLE.pattern}|[\u3400-\u9fff])(?:{_AFTER})?")
# Parts of a name that is no Chinese one: 阿卜杜拉·买买提, John Smith. Shorter ones are other words.
_PARTS = re.compile(r"[a-z]{4,}|[\u3400-\u9fff]{3,}")
_BETWEEN_PARTS = re.compile(r"[\s·•‧・∙⋅.,]+")


def persons_in(text: str, names: Collection[str], *, closely: bool = False) -> list[Span]:
    """Where these persons stand in the text; may overlap. `closely`: also by what may be another
    word, or hides a part of the name, for persons who are to be named to nobody."""
    if not text or not names:
        return []
    return _persons_in(text, letters_of(text), names_said(names), closely)


def _persons_in(text: str, letters: Letters, names: Collection[str], closely: bool) -> list[Span]:
    signs = "".join(sign for sign, _ in letters)
    there = {*signs}
    found = (_form(name, closely) for name in names if not there.isdisjoint(folded(name)))
    forms = [form for form in found if form is not None]
    spans = [
        (letters[found.start()][1], letters[found.end() - 1][1] + 1, NAME)
        for form in forms
        for found in form.finditer(signs)
    ]
    return [*spans, *_hidden(text, names)] if closely and hidden_forms.hides(text) else spans


def _hidden(text: str, names: Collection[str]) -> list[Span]:
    signs = hidden_forms.in_names(text)
    forms = (form for form in map(_hidden_form, names) if form is not None)
    return [(*found.span(), NAME) for form in forms for found in form.finditer(signs)]


def unnamed(text: str, names: Collection[str], numbers: Collection[str]) -> str:
    """The text without these persons: their names, the forms of address and their numbers."""
    letters, names = letters_of(text), names_said(names)
    also = _persons_in(text, letters, names, closely=True) if names else []
    return without(text, names, numbers, also, letters)


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
def _form(name: str, closely: bool) -> "re.Pattern[str] | None":
    plain = folded(name)
    if names_nobody(name):
        return None
    if called := _CALLED.fullmatch(plain):
        return re.compile("|".join(_by_surname(called[1], closely)))
    if len(plain) < SHORTEST_NAME:
        return None
    whole = re.escape(plain)
    if not _CHINESE.fullmatch(plain):
        return re.compile("|".join([whole, *_parts(name)]))
    surname, given = _surname_and_given(plain)
    ways = [
        f"{whole}(?:{_AFTER})?",
        f"{surname}某{given[-1]}",
        *_by_surname(surname, closely),
    ]
    if len(given) > 1:
        ways.append(f"{given}(?:{_AFTER})")
    if closely:
        ways += _closely(surname, given)
    return re.compile("|".join(ways))


@lru_cache(maxsize=4096)
def _hidden_form(name: str) -> "re.Pattern[str] | None":
    plain = folded(name)
    if not plain or names_nobody(name):
        return None
    if called := _CALLED.fullmatch(plain):
        return re.compile(hidden_forms.way_of(called[1], "", _AFTER))
    if not _CHINESE.fullmatch(plain):
        return re.compile(hidden_forms.way_of(re.escape(plain[:1]), "", _AFTER))
    surname, given = _surname_and_given(plain)
    way = hidden_forms.way_of(surname, given, _AFTER)
    if (last := given[-1]) not in _NO_NAME:
        way = f"{way}|{hidden_forms.ending_of(last)}{_NO_PLACE}"
    return re.compile(way)


def _surname_and_given(plain: str) -> tuple[str, str]:
    cut = 2 if len(plain) > 2 and DOUBLE.match(plain) else 1
    return plain[:cut], plain[cut:]


def _by_surname(surname: str, closely: bool) -> list[str]:
    """How people call a person of whom they know no more."""
    no_shop = "" if closely else _NO_SHOP
    return [
        f"姓{surname}(?:的|)",
        f"{surname}(?:{_AFTER}){no_shop}",
        f"(?:{_BEFORE}){surname}{_NO_PLACE}{no_shop}",
    ]


def _parts(name: str) -> list[str]:
    """Each part of a name that names a person by itself."""
    parts = [folded(part) for part in _BETWEEN_PARTS.split(name)]
    alone = [part for part in parts if _PARTS.fullmatch(part)]
    return [f"{part}(?:{_AFTER})?" for part in alone] if len(parts) > 1 else []


def _closely(surname: str, given: str) -> list[str]:
    """The ways to call a person that may be other words, too."""
    ways = [f"{alone}{_NO_PLACE}" for alone in (given, surname) if len(alone) > 1]
    last = given[-1]
    if last not in _NO_NAME:
        ways += [f"{last}(?:{_KIN})", f"(?:小|阿){last}{_NO_PLACE}"]
        ways += [] if last in _NO_BIG_NAME else [f"(?:大|老){last}{_NO_PLACE}"]
        ways += [] if last in _NOT_TWICE else [last * 2]
    return [*ways, f"{surname}{given[:-1]}某"] if len(given) > 1 else ways
