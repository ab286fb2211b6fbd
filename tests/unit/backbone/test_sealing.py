"""Seals: each names its key, is bound to its field, and opens as long as its key is known."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.postgres.sealing import KeyMissing, Sealer
from backbone.process.keyring import Keyring, flaw, key_id
from services.petition.tracking import pin_of

keys = st.binary(min_size=32, max_size=32)
# Unicode that UTF-8 can carry.
texts = st.text(st.characters(exclude_categories=("Cs",)))

# Made by release 0.1.0, which had one key and named none. They must open for ever.
FIRST = bytes(range(32))
OLD = {
    "number": ("v1.jJkWw-Uncf9IUgKItIwwVQPlbHgl5ObpcD-uL-4cVmioc-7p0-8K", "13800001234"),
    "petitioner.name": ("v1.QkL9YfSY6930iFVvSEV0g-B9C3GEaaXVd27HiO8QRQZtfy0wmZFVzg==", "欧阳小明"),
}
OLD_INDEX, OLD_PIN = "44628cc6d16e75b2c0b7525139b6d65c", "366262"
# Made by this release with FIRST.
SEALED = "v2.871549e8.AAECAwQFBgcICQoLdjHuK_XV8iq_cqNjdBtsDhfB1YuHU-bmdH45"


def sealer(*ring: bytes) -> Sealer:
    return Sealer(Keyring(ring))


@given(texts, texts, st.lists(keys, min_size=1, max_size=3, unique=True))
def test_a_sealed_text_names_the_newest_key_and_opens(
    field: str, text: str, ring: list[bytes]
) -> None:
    sealed = sealer(*ring).seal(field, text)
    assert sealer(*ring).open(field, sealed) == text
    if text:
        assert sealed.startswith(f"v2.{key_id(ring[-1])}.")
        assert sealer(ring[-1]).open(field, sealed) == text
    else:
        assert sealed == ""


@given(texts, texts.filter(bool), st.lists(keys, min_size=3, max_size=3, unique=True))
def test_an_added_key_seals_and_what_an_earlier_one_sealed_still_opens(
    field: str, text: str, ring: list[bytes]
) -> None:
    before = [sealer(*ring[: n + 1]).seal(field, text) for n in range(3)]
    assert [sealed.split(".")[1] for sealed in before] == [key_id(key) for key in ring]
    assert {sealer(*ring).open(field, sealed) for sealed in before} == {text}


@pytest.mark.parametrize("ring", [(FIRST,), (FIRST, bytes(32)), (FIRST, bytes(32), b"k" * 32)])
def test_values_of_the_first_release_open_and_are_recognised_with_any_later_keys(
    ring: tuple[bytes, ...],
) -> None:
    known = sealer(*ring)
    for field, (sealed, text) in OLD.items():
        assert known.open(field, sealed) == text
        with pytest.raises(ValueError, match="another key or for another field"):
            known.open(field + "x", sealed)
        with pytest.raises(ValueError, match="another key or for another field"):
            sealer(bytes(32), *ring).open(field, sealed)
    assert known.index("number", "13800001234") == OLD_INDEX
    assert pin_of(UUID(int=7), 0, known) == OLD_PIN


def test_a_value_of_this_release_opens_for_ever() -> None:
    assert sealer(FIRST, bytes(32)).open("number", SEALED) == "13800001234"


@given(texts, texts.filter(bool), keys, keys)
def test_a_missing_key_is_named(field: str, text: str, key: bytes, other: bytes) -> None:
    if key != other:
        with pytest.raises(KeyMissing) as caught:
            sealer(other).open(field, sealer(key).seal(field, text))
        assert (caught.value.key, caught.value.field) == (key_id(key), field)


@given(texts, texts.filter(bool), texts, st.data())
def test_another_field_another_key_id_or_one_changed_byte_opens_nothing(
    field: str, text: str, other: str, data: st.DataObject
) -> None:
    second = bytes(32)
    both = sealer(FIRST, second)
    sealed = both.seal(field, text)
    version, _, body = sealed.split(".")
    at = data.draw(st.integers(0, len(body.rstrip("=")) - 2))  # the last digit may hold spare bits
    changed = body[:at] + ("A" if body[at] != "A" else "B") + body[at + 1 :]
    forged = [f"{version}.{key_id(second)}.{changed}", f"{version}.{key_id(FIRST)}.{body}"]
    for each in (*forged, f"v1.{body}"):
        with pytest.raises(ValueError, match="sealed with"):
            both.open(field, each)
    if other != field:
        with pytest.raises(ValueError, match="sealed with"):
            both.open(other, sealed)


@pytest.mark.parametrize(
    "rubbish",
    [
        "v1.",
        "v1.AAAA",
        "v1.%%%",
        "汉字",
        "plain",
        "v2.",
        "v2.871549e8",
        "v2.871549E8.AAAA",
        "v3.x.y",
        "v2.871549e8.",
        "v2.871549e8.AAAA",
        "v2.871549e8.A",
        "v2.871549e8.AAAA\n",
    ],
)
def test_a_text_that_was_never_sealed_is_refused(rubbish: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of several kinds
        sealer(FIRST).open("name", rubbish)


@given(texts, texts, st.lists(keys, min_size=2, max_size=3, unique=True))
def test_the_index_depends_on_the_first_key_and_the_field_alone(
    field: str, text: str, ring: list[bytes]
) -> None:
    index = sealer(ring[0]).index(field, text)
    assert sealer(*ring).index(field, text) == index
    if text:
        assert sealer(*ring[1:]).index(field, text) != index
        assert sealer(*ring).index(field + "x", text) != index


HEX = "ab" * 32


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEX, ""),
        (f"{HEX},{'cd' * 32}", ""),
        ("", "not 64 hexadecimal digits"),
        ("xy" * 32, "not 64 hexadecimal digits"),
        (HEX[:-1], "not 64 hexadecimal digits"),
        ("ab " * 21 + "ab", "not 64 hexadecimal digits"),
        (f"{HEX},", "key 2 of 2 is not 64 hexadecimal digits"),
        (f"{HEX}, {'cd' * 32}", "key 2 of 2 is not 64 hexadecimal digits"),
        (f"{HEX},{'cd' * 32},{HEX.upper()}", "one key stands twice"),
    ],
)
def test_a_malformed_keyring_is_told_without_quoting_it(text: str, told: str) -> None:
    assert flaw(text) == told
    if told:
        with pytest.raises(ValueError, match=f"^{told}$"):
            Keyring.read(text)
    else:
        ring = Keyring.read(text)
        assert (ring.lasting, ring.sealing) == (bytes.fromhex(HEX), ring.keys[-1])
        assert HEX not in repr(ring)
