"""Personal data in free texts is found however it is typed: recall and precision, printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.postgres.span_sealing import SpanSealer
from backbone.process.keyring import Keyring
from backbone.words.masks import masked
from backbone.words.mentions import NAME, NUMBER
from backbone.words.personal_numbers import numbers_in
from backbone.words.persons import names_and_numbers, persons_in, unnamed
from backbone.words.spans import cut, hidden, length_of, without_seals
from tests import planted

OLD, NEW = b"a" * 32, b"b" * 32
SEALER = SpanSealer(Keyring((OLD,)))
ROTATED = SpanSealer(Keyring((OLD, NEW)))
LEAST_NUMBERS, LEAST_PERSONS, LEAST_PRECISION = 0.99, 0.95, 0.95


def covered(text: str, piece: str, found: list[tuple[int, int, str]]) -> bool:
    """Whether the characters of the piece that show are within the spans."""
    first = text.index(piece)
    inside = {at for start, stop, _ in found for at in range(start, stop)}
    return all(at in inside for at in range(first, first + len(piece)) if text[at].isalnum())


def test_numbers_are_found_however_they_are_typed(capsys: pytest.CaptureFixture[str]) -> None:
    cases = planted.numbers()
    missed = [each for each in cases if not covered(each.text, each.piece, numbers_in(each.text))]
    spans = sum(len(numbers_in(each.text)) for each in cases)
    wrong = [(text, numbers_in(text)) for text in planted.NOTHING if numbers_in(text)]
    recall = 1 - len(missed) / len(cases)
    precision = (len(cases) - len(missed)) / (spans + len(wrong))
    with capsys.disabled():
        print(f"\nnumbers: {len(cases)} planted, recall {recall:.3f}, precision {precision:.3f}")  # noqa: T201
    assert len(cases) >= 150
    assert recall >= LEAST_NUMBERS, missed[:10]
    assert precision >= LEAST_PRECISION, wrong
    assert not wrong


def test_the_persons_of_a_matter_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    cases = planted.persons()
    missed = [
        (each, name)
        for each, name in cases
        if not covered(each.text, each.piece, persons_in(each.text, [name]))
    ]
    wrong = [
        (text, name)
        for text in planted.NOTHING
        for name in planted.NAMES
        if persons_in(text, [name])
    ]
    recall = 1 - len(missed) / len(cases)
    precision = (len(cases) - len(missed)) / (len(cases) - len(missed) + len(wrong))
    with capsys.disabled():
        print(f"\npersons: {len(cases)} planted, recall {recall:.3f}, precision {precision:.3f}")  # noqa: T201
    assert len(cases) >= 300
    assert recall >= LEAST_PERSONS, missed[:10]
    assert precision >= LEAST_PRECISION, wrong


def test_masks_of_a_protected_caller_are_taken_out(capsys: pytest.CaptureFixture[str]) -> None:
    cases = planted.hidden()
    missed = [
        (each, known)
        for each, known in cases
        if unnamed(each.text, *names_and_numbers([known])) not in _taken_out(each)
    ]
    others = ["钱大有", "13798760123"]
    wrong = [
        text
        for text in [*planted.NOTHING, *(each.text for each, _ in cases)]
        if unnamed(text, *names_and_numbers(others)) != text
    ]
    with capsys.disabled():
        print(f"\nhidden: {len(cases)} planted, recall {1 - len(missed) / len(cases):.3f}")  # noqa: T201
    assert len(cases) >= 400
    assert not missed, missed[:10]
    assert not wrong


def _taken_out(case: planted.Planted) -> list[str]:
    return [case.text.replace(case.piece, mask) for mask in (NAME, NUMBER)]


@pytest.mark.parametrize(
    "called", ["凤儿", "凤凤", "大凤", "凤女士", "凤丫头", "赵丫头", "赵小某", "老凤"]
)
def test_a_protected_caller_is_taken_out_by_forms_of_the_given_name(called: str) -> None:
    assert unnamed(f"已答复{called}。", ["赵小凤"], []) == f"已答复{NAME}。"


def test_a_mask_in_a_text_that_a_machine_might_write_is_taken_out() -> None:
    kept = [SEALER.seal_name("13812345678", kept=True)]
    told = SEALER.hide_but("tel:138****5678", SEALER.kept(kept))
    assert told == SEALER.open_but("tel:138****5678", SEALER.kept(kept)) == f"tel:{NUMBER}"


NOBODY = (
    "房东", "业主", "群众", "居民", "司机", "不详", "匿名", "路人", "报警人",
    "当事人", "本人", "某某", "无名氏", "先生", "女士", "路人甲", "热心市民", "某先生",
    "男子", "姓名不详", "无",
)  # fmt: skip


@pytest.mark.parametrize("word", NOBODY)
def test_a_word_that_names_nobody_masks_nothing(word: str) -> None:
    for text in (
        "房东不退押金，群众围观，姓名不详",
        "一路人很多，业主委员会",
        f"我是{word}，请快来",
    ):
        assert SEALER.seal(text, [word]) == text
        assert unnamed(text, [word], []) == text
    assert masked("name", word) == word


@pytest.mark.parametrize("name", ["李先生", "王某", "方圆", "何群众", "路人杰", "安居民", "无敌"])
def test_a_name_that_is_near_such_a_word_is_masked(name: str) -> None:
    assert masked("name", name) == name[0] + "*" * (len(name) - 1)


def test_a_name_of_one_character_is_found_with_a_form_of_address_alone() -> None:
    text = "李子园的桃李熟了，姓李的、李先生和老李"
    assert hidden(SEALER.seal(text, ["李"])) == "李子园的桃李熟了，姓**、李**和老*"


@pytest.mark.parametrize(
    "text",
    ["老王在面馆", "老王头面前", "王大哥去超市", "王先生店里", "老王店员", "王老板饭后在店里"],
)
def test_a_person_near_a_shop_stays_a_person(text: str) -> None:
    assert persons_in(text, ["王建国"])


@pytest.mark.parametrize(
    "typed",
    [
        "电话2030-2230", "电话20261130", "编号010-87654321", "请打010-87654321号",
        "合同号13812345678", "电话15912345678元先生", "13812345678元旦后联系", "138,1234,5678",
        "电话13812345678\n2026-11-30",
        "工程款15000元13812345678", "电话15912345678，元月前", "金额1,380,000.00元 13812345678",
    ],
)  # fmt: skip
def test_a_number_near_such_words_stays_masked(typed: str) -> None:
    assert len(numbers_in(f"记下{typed}，完")) == 1


@pytest.mark.parametrize(
    ("known", "called"),
    [
        ("李先生", "李女士"),
        ("李", "李先生"),
        ("欧阳老师", "欧阳先生"),
        ("张三丰", "三丰叔"),
        ("张三丰", "张家"),
        ("阿卜杜拉·买买提", "买买提"),
        ("阿卜杜拉·买买提", "阿卜杜拉大叔"),
        ("John Smith", "Mr. Smith"),
        ("John Smith", "SMITH, John"),
    ],
)
def test_a_person_is_found_by_what_is_known_of_the_name(known: str, called: str) -> None:
    text = f"对方是{called}人，请核实"
    assert covered(text, called.removeprefix("Mr. "), persons_in(text, [known]))


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "11010119900307002×",
            "11010119900307002*",
            "11010119900307002叉",
            "1101011990030700２ x",
        ),
        *(
            "京A1234警",
            "粤BD12345",
            "粤B12345D",
            "京A·1234警",
            "川A一二三四五",
            "川A·幺两三四五",
            "粤Z1234港",
        ),
        *("打87001234", "拨了8700-1234", "87001234（座机）", "852-91234567", "886 912 345 678"),
        *("台胞证12345678", "护照：EA1234567", "6222 0210 0000 1234 565", "٠١٣٨١٢٣٤٥٦٧٨"),
    ],
)
def test_a_number_of_rarer_form_is_found(typed: str) -> None:
    text = f"记下{typed}，完"
    inside = {at for start, stop, _ in numbers_in(text) for at in range(start, stop)}
    assert inside >= {at for at, sign in enumerate(text) if sign.isnumeric()}


@pytest.mark.parametrize("case", planted.numbers()[::7], ids=lambda each: each.kind)
def test_a_sealed_text_shows_its_reader_all_and_others_nothing(case: planted.Planted) -> None:
    sealed = SEALER.seal(case.text)
    assert case.piece not in sealed and case.piece not in hidden(sealed)
    assert SEALER.open(sealed) == ROTATED.open(sealed) == case.text
    assert SEALER.seal(sealed) == sealed, "what is sealed stays as it is"
    assert length_of(sealed) <= len(case.text)
    newer = ROTATED.seal(case.text)
    assert newer != sealed
    assert without_seals(newer.encode()) == without_seals(sealed.encode()), "the same request"
    assert hidden(SpanSealer(Keyring((NEW,))).open(sealed)) == hidden(sealed), "its key is gone"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("029-87654321", "02*******21"),
        ("+86-29-87654321", "02*******21"),
        ("+862987654321", "02*******21"),
        ("008602987654321", "02*******21"),
        ("(0086)29-87654321", "02*******21"),
        ("+86 (29) 87654321", "02*******21"),
        ("+8602987654321", "02*******21"),
        ("（029）8765 4321", "02*******21"),
        ("0086 10 62345678", "01*******78"),
        ("+86 917 3456789", "09*******89"),
        ("+852 9123 4567", "+85******567"),
        ("001 212 555 0100", "+12******100"),
        ("87654321转605", "87****21转***"),
        ("029-87654321-8001", "02*******21转****"),
        ("029 8765 4321-12", "02*******21转**"),
        ("029-87654321转８０１", "02*******21转***"),
        ("138/1234/5678", "138****5678"),
        ("138*1234*5678", "138****5678"),
        ("+86 138-1234-5678", "138****5678"),
        ("(+86)13812345678", "138****5678"),
        ("＋８６　１３８　１２３４　５６７８", "138****5678"),
        ("一三八一二三四五六七八", "138****5678"),
    ],
)
def test_a_number_of_any_form_is_masked_whole_in_its_one_form(typed: str, shown: str) -> None:
    assert hidden(SEALER.seal(f"请打{typed}联系")) == f"请打{shown}联系"


def test_two_numbers_are_two_spans() -> None:
    told = hidden(SEALER.seal("13812345678/13987654321"))
    assert told == "138****5678/139****4321"


def test_what_a_person_types_like_a_span_is_a_text() -> None:
    typed = "⟦13812345678|0123456789abcdef|v1.00000000.AAAA⟧"
    assert "13812345678" not in hidden(SEALER.seal(typed))


def test_a_text_is_cut_between_spans() -> None:
    sealed = SEALER.seal("电话13812345678，请回拨")
    assert [hidden(cut(sealed, most)) for most in (2, 5, 13, 99)] == [
        "电话", "电话", "电话138****5678", "电话138****5678，请回拨",
    ]  # fmt: skip


@given(st.text(max_size=60), st.integers(0, 70))
def test_any_text_is_opened_as_it_was_written(text: str, most: int) -> None:
    sealed = SEALER.seal(text, ["王小明"])
    assert SEALER.open(sealed) == text
    assert length_of(cut(sealed, most)) <= most
