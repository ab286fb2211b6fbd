"""Texts of places in one form, so that two texts of one address are equal. Pure."""

import re
from collections.abc import Iterable

from backbone.words.areas import Level
from backbone.words.city import Area
from backbone.words.texts import narrow
from backbone.words.traditional import SIMPLIFIED

_PROVINCE = re.compile(r"^(?:中国|中华人民共和国)?(?:[一-鿿]{2,8}?(?:省|自治区))?")
_IGNORED = re.compile(r"[\s,.;:!?，。、；：()\[\]<>\"'“”‘’·_~-]+")
# 12-3-2-501, 3-2-501, and a room whose 室 is left away.
_HOUSE = re.compile(r"(?<![\d-])(\d{1,4})-(\d{1,3})-(\d{1,2})-(\d{3,4})(?!\d)室?")
_BLOCK = re.compile(r"(?<![\d-])(\d{1,3})-(\d{1,2})-(\d{3,4})(?!\d)室?")
_DASH = re.compile(r"(?<=\d)[‐-―−－](?=\d)")
_ROOM = re.compile(r"(?<=栋|元)(\d{3,4})$")
_AT = re.compile(r"(?:附近|门口|门前|旁边|旁|对面|这里|那里|处)$")
_NUMERAL = re.compile(
    "[零〇一二两三四五六七八九十百廿卅壹贰叁肆伍陆柒捌玖拾佰]+"
    "(?=号|栋|幢|座|单元|层|楼|室|弄|组|门[0-9零〇一二三四五六七八九])"
    "|(?<=[元栋楼幢座门])[零〇一二三四五六七八九]{3,4}(?![零〇一二三四五六七八九十百])"
)
_PLAIN = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰", "一二三四五六七八九十百")
_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_UNITS = {"十": 10, "百": 100}
_ROAD = "[^路街道巷与和跟及/]{1,8}(?:大道|[路街道巷])"
_CROSSING = re.compile(
    f"({_ROAD})[与和跟及/]?({_ROAD})的?(?:(?:交叉|十字|丁字|交)?路?口|交(?:汇|界|叉)[口处]?)"
)
_SAME = (
    (re.compile(r"(?:no\.?|№)(\d+)", re.I), r"\1号"),
    (re.compile(r"(\d)(?:#|号院|門|门牌号)"), r"\1号"),
    (re.compile(r"(\d)(?:幢|座|号楼)"), r"\1栋"),
    (re.compile(r"(?<=号)(\d{1,3})号(?=\d{1,2}(?:单元|门))"), r"\1栋"),
    (re.compile(r"(?<=栋)(\d{1,2})门(?=\d{3})"), r"\1单元"),
    (re.compile(r"(\d)楼"), r"\1层"),
    (re.compile(r"第(?=\d+(?:组|栋|单元|层|室|号))"), ""),
    (re.compile(r"[gsx](?=\d{2,4}[国省县]道)"), ""),
    (re.compile(r"(?<=道)k?(\d{1,4})(?:km|公里)?\+(\d{1,3})(?:m|米)?(?!\d)"), r"\1公里\2米"),
    (re.compile(r"(?<=道)(?:k(\d{1,4})(?![\d+])|(\d{1,4})km)"), r"\1\2公里"),
    (re.compile(r"(?<!\d)0+(?=\d)"), ""),
)
KINDS = ("市", "区", "县", "旗", "镇", "乡", "街道", "公社")
ABOVE = (Level.CITY, Level.COUNTY, Level.TOWNSHIP)
LEAST = 2  # characters that a place still has after its city and district are taken away


class Gazetteer:
    """The names that stand before an address of this city and tell nothing within it."""

    def __init__(self, areas: Iterable[Area]) -> None:
        above = [area for area in areas if area.level in ABOVE]
        names = {area.name for area in above}
        # An alias without the kind of its area, such as 青山, may begin the name of a road.
        names |= {each for area in above for each in area.aliases if each.endswith(KINDS)}
        # 云川青岚区…: people leave 市 away.
        names |= {a.name[:-1] for a in above if a.level is Level.CITY and len(a.name) > LEAST}
        self._names = sorted(filter(None, names), key=len, reverse=True)

    def address_of(self, text: str) -> str:
        """The form in which places are compared: without the names of province, city, district and
        township, in one width and the simplified script, `十二号` and `12#` as `12号`, `3-2-501` as
        a room, `125km+300m` as `125公里300米`, a crossing with its roads in one order."""
        plain = narrow(text).translate(SIMPLIFIED).lower()
        plain = _DASH.sub("-", _NUMERAL.sub(lambda found: _number(found[0]), plain))
        plain = _HOUSE.sub(r"\1号\2栋\3单元\4室", plain)
        plain = _BLOCK.sub(r"\1栋\2单元\3室", plain)
        for form, replacement in _SAME:
            plain = form.sub(replacement, plain)
        plain = _AT.sub("", _IGNORED.sub("", plain))
        return _in_order(self._within(_ROOM.sub(r"\1室", plain)))

    def _within(self, address: str) -> str:
        """The address after the names of the areas above it."""
        rest = _PROVINCE.sub("", address)
        if not self._after_a_name(rest):
            rest = address
        while shorter := self._after_a_name(rest):
            rest = shorter
        return rest

    def _after_a_name(self, address: str) -> str:
        for name in self._names:
            rest = address.removeprefix(name)
            if rest != address and len(rest) >= LEAST:
                return rest
        return ""


def is_exact(address: str) -> bool:
    """Say whether the address has a number, so that equal ones mean one house or one door."""
    return any(each.isdecimal() for each in address)


def _in_order(address: str) -> str:
    """A crossing by its two roads, whichever is said first: 建设路长风路路口."""
    crossing = _CROSSING.fullmatch(address)
    return "".join(sorted(crossing.groups())) + "路口" if crossing else address


def _number(text: str) -> str:
    """The figure of a simple Chinese numeral: 十二, 廿二, 贰拾, 一百零三, 二〇一."""
    text = text.translate(_PLAIN).replace("廿", "二十").replace("卅", "三十")
    if not set(text) & set(_UNITS):
        return "".join(str(_DIGITS[each]) for each in text)
    total, digit = 0, 0
    for each in text:
        if each in _UNITS:
            total += (digit or 1) * _UNITS[each]
            digit = 0
        else:
            digit = _DIGITS[each]
    return str(total + digit)
