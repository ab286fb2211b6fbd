"""Keys of data: derived by owner, purpose and year from roots that master keys wrap."""

import asyncio
from datetime import date
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.postgres import data_keys
from backbone.postgres.data_keys import DataKeys, root_id, unwrap, wrap
from backbone.postgres.sealing import KeyMissing, Sealer
from backbone.process.keyring import Keyring, key_id
from backbone.process.pulse import Pulse
from backbone.words.errors import Unavailable
from backbone.words.spans import SPAN, without_seals
from tests.servers import running_task

FIRST, SECOND, THIRD = (bytes([n]) * 32 for n in (1, 2, 3))
ROOT, YOUNGER = b"r" * 32, b"y" * 32
names = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz-0123456789"), min_size=1, max_size=40)
keys = st.binary(min_size=32, max_size=32)


def row(root: bytes, master: bytes, name: str = "") -> dict[str, Any]:
    name = name or root_id("alarm", root)
    return {"id": name, "wrapped_by": key_id(master), "wrapped": wrap(master, name, root)}


def known(*rows: dict[str, Any], masters: tuple[bytes, ...] = (FIRST,)) -> DataKeys:
    found = DataKeys("alarm", "fields", Keyring(masters))
    found.learn(rows)
    return found


@given(keys, keys, names, names)
def test_a_wrapped_key_opens_under_its_master_key_and_id_alone(
    master: bytes, key: bytes, name: str, other: str
) -> None:
    wrapped = wrap(master, name, key)
    assert unwrap(master, name, wrapped) == key and key not in wrapped
    for wrong in [(bytes(31) + b"\1" + master, name), (master, name + other)]:
        with pytest.raises(ValueError, match="another key, or for another id"):
            unwrap(*wrong, wrapped)


def test_a_key_says_whose_it_is_for_what_and_of_which_year() -> None:
    found = known(row(ROOT, FIRST))
    name, key = found.newest()
    assert name == f"alarm-fields-{data_keys.today().year}-{key_id(ROOT)}"
    assert found.key(name) == key
    sealed = Sealer(found).seal("name", "王小明")
    assert sealed.startswith(f"v2.{name}.")
    assert Sealer(found).open("name", sealed) == "王小明"


def test_a_new_year_seals_with_its_own_key_and_opens_the_old_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = known(row(ROOT, FIRST))
    sealer = Sealer(found)
    seals = {}
    for year in (2026, 2027, 2028):
        monkeypatch.setattr(data_keys, "today", lambda year=year: date(year, 1, 1))
        seals[year] = sealer.seal("name", f"{year}")
    used = [sealed.split(".")[1] for sealed in seals.values()]
    assert [name[:17] for name in used] == [f"alarm-fields-{year}" for year in seals]
    assert len({found.key(name) for name in used}) == 3
    assert [sealer.open("name", sealed) for sealed in seals.values()] == ["2026", "2027", "2028"]


def test_the_youngest_root_that_can_be_opened_seals_and_all_of_them_open() -> None:
    old, young = row(ROOT, FIRST), row(YOUNGER, SECOND)
    before = known(old, young)
    assert before.newest()[0].endswith(key_id(ROOT)), "this process has not the second key yet"
    sealed = Sealer(before).seal("name", "王小明")
    after = known(old, young, masters=(FIRST, SECOND))
    assert after.newest()[0].endswith(key_id(YOUNGER))
    assert Sealer(after).open("name", sealed) == "王小明"
    with pytest.raises(KeyMissing):
        Sealer(before).open("name", Sealer(after).seal("name", "x"))
    assert before.missed, "so the table is read again soon"


def test_wrapped_anew_the_same_values_open_without_the_old_master_key() -> None:
    sealed = Sealer(known(row(ROOT, SECOND), masters=(FIRST, SECOND))).seal("name", "王小明")
    direct = Sealer(Keyring((FIRST, SECOND))).seal("name", "李小红")  # as an earlier release did
    anew = [row(ROOT, THIRD), row(SECOND, THIRD, key_id(SECOND))]
    later = Sealer(known(*anew, masters=(FIRST, THIRD)))
    assert (later.open("name", sealed), later.open("name", direct)) == ("王小明", "李小红")


def test_before_the_keys_are_read_nothing_is_sealed_under_another_one() -> None:
    unread = DataKeys("alarm", "fields", Keyring((FIRST,)))
    with pytest.raises(Unavailable):
        Sealer(unread).seal("name", "x")
    assert known().newest() == (key_id(FIRST), FIRST), "a database without keys: the master key"


@pytest.mark.parametrize(
    "damaged",
    [
        row(ROOT, FIRST) | {"wrapped": b"x" * 60},
        row(ROOT, FIRST) | {"wrapped": b""},
        row(ROOT, SECOND) | {"wrapped_by": key_id(FIRST)},
        row(ROOT, FIRST) | {"id": "alarm-00000000"},
    ],
)
def test_a_damaged_row_opens_nothing_and_hides_no_other(damaged: dict[str, Any]) -> None:
    found = known(damaged, row(YOUNGER, FIRST))
    assert found.newest()[0].endswith(key_id(YOUNGER))


@pytest.mark.parametrize(
    "name", ["petition-fields-2026-{}", "alarm-fields-26-{}", "alarm-2026-{}", "{}", ""]
)
def test_an_id_of_another_form_or_owner_has_no_key(name: str) -> None:
    assert known(row(ROOT, FIRST)).key(name.format(key_id(ROOT))) is None


@pytest.mark.parametrize(
    "key", ["0a1b2c3d", "texts-spans-2026-0a1b2c3d", "population-person-2026-0a1b2c3d4e5f6071"]
)
def test_every_form_of_key_id_is_known_in_a_span(key: str) -> None:
    text = f"电话⟦138****1234|0123456789abcdef|v1.{key}.AbC_-=⟧。"
    assert SPAN.search(text)
    assert without_seals(text.encode()).decode() == "电话⟦138****1234|0123456789abcdef⟧。"


async def test_a_key_that_is_gone_is_told_until_its_row_is_restored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(data_keys, "LOOKS", 1)
    monkeypatch.setattr(data_keys, "LOOK", 0.01)
    table, pulse, fields = [row(ROOT, FIRST)], Pulse(), known()
    texts = DataKeys("alarm", "spans", Keyring((FIRST,)))
    pulse.started()

    class Table:
        async def fetch(self, *asked: Any) -> list[dict[str, Any]]:
            return [*table]

    async def told(is_told: bool) -> None:
        async with asyncio.timeout(5):
            while bool(pulse.unready()) is not is_told:
                await asyncio.sleep(0.01)

    async with running_task(data_keys.run_keys(cast(Any, Table()), pulse, [fields, texts])):
        async with asyncio.timeout(5):
            while not fields._roots:
                await asyncio.sleep(0.01)
        sealed, kept = Sealer(fields).seal("name", "王小明"), table.pop()
        async with asyncio.timeout(5):
            while fields._roots:
                await asyncio.sleep(0.01)
        assert texts.key(f"alarm-spans-2026-{'0' * 8}") is None, "what a stranger has typed"
        assert fields.key(f"alarm-person-2026-{'0' * 32}") is None, "of one who was forgotten"
        await asyncio.sleep(0.1)
        assert pulse.unready() == []
        with pytest.raises(KeyMissing):
            Sealer(fields).open("name", sealed)
        await told(True)
        assert sealed.split(".")[1] in pulse.unready()[0] and "缺少密钥" in pulse.unready()[0]
        assert pulse.unserving() == []
        table.append(kept)
        await told(False)
        assert Sealer(fields).open("name", sealed) == "王小明"
