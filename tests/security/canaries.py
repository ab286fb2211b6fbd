"""Planted personal data, and every form in which a store could hold it in the open."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
CODECS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")
# Shorter pieces would be found by chance in random bytes.
SHORTEST = 6


@dataclass(frozen=True, slots=True)
class Person:
    """A person who is in no other test; each kind of number stands in texts and in fields."""

    name: str
    number: str
    id_number: str
    plate: str
    card: str
    address: str

    @property
    def said(self) -> str:
        """What people write about this person."""
        return (
            f"{self.name}来电{self.number}，身份证{self.id_number}，车牌{self.plate}，"
            f"银行卡{self.card}，请联系{self.name}"
        )

    @property
    def canaries(self) -> tuple[str, ...]:
        return (self.name, self.number, self.id_number, self.plate, self.card, self.address)


CALLER = Person(
    "尉迟金丝雀", "13790900417", "110105198812120016", "陕A7K417", "6222021234567890128",
    "金丝雀巷四一七号院",
)  # fmt: skip
SECOND = Person(
    "慕容画眉鸟", "13790900425", "330106197703051237", "浙B8M425", "6217001122334455669",
    "画眉弄四二五号院",
)  # fmt: skip
PETITIONER = Person(
    "司徒百灵鸟", "13790900433", "510104199001012348", "川C9P433", "4367420033445566773",
    "百灵路四三三号院",
)  # fmt: skip
PARTY = Person(
    "长孙杜鹃花", "13790900441", "650102198507074451", "新D3Q441", "9558801234123412342",
    "杜鹃街四四一号院",
)  # fmt: skip
CHILD = Person(
    "夏侯小麻雀", "13790900459", "110105201306016675", "京E4R459", "6222024567456745672",
    "麻雀里四五九号院",
)  # fmt: skip
ACCUSED = "钟离鹧鸪鸟"
PEOPLE = (CALLER, SECOND, PETITIONER, PARTY, CHILD)


def forms_of(text: str) -> set[bytes]:
    """The text in every encoding in which it could be stored or sent."""
    found = {bytes(each) for each in _written(text)}
    return {each for each in found if len(each) >= SHORTEST}


def _written(text: str) -> Iterator[bytes]:
    for said in {text, text.translate(WIDE)}:
        for codec in CODECS:
            yield said.encode(codec)
        raw = said.encode()
        escaped = json.dumps(said)[1:-1]
        for way in (escaped, escaped.upper().replace("\\U", "\\u"), raw.hex(), quote(said)):
            yield way.encode()
        yield quote(said).lower().encode()
        yield quote(said.encode("gb18030")).encode()
        for codec in ("utf-8", "gb18030"):
            yield from _in_base64(said.encode(codec))


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """The characters that base64 makes of these bytes, at each of the three places in a group."""
    for before in range(3):
        whole = b64encode(b"\0" * before + raw)
        first = -(-before * 8 // 6)
        inner = whole[first : (before + len(raw)) * 8 // 6]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


class Search:
    """Finds the canaries in bytes."""

    def __init__(self, canaries: list[str]) -> None:
        self.canaries = list(dict.fromkeys(canaries))
        self._of = {form: each for each in self.canaries for form in forms_of(each)}

    @property
    def all_forms(self) -> list[bytes]:
        return list(self._of)

    def __call__(self, place: str, raw: bytes) -> Iterator[str]:
        """Each canary that stands there, once, with what stands around it."""
        told: set[str] = set()
        for form, canary in self._of.items():
            at = -1 if canary in told else raw.find(form)
            if at >= 0:
                told.add(canary)
                around = raw[max(0, at - 160) : at + len(form) + 60]
                yield f"{canary} in {place}: …{around.decode('utf-8', 'replace')}…"
