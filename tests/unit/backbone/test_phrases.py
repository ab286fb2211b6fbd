"""Phrases of a danger list: what they find, and the sentence about each that is wrong."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.words.danger import Danger, DangerList, Listener
from backbone.words.phrases import Around, PhraseError, around, compiled, phrase, plain, said


def finds(words: str, text: str) -> bool:
    return any(True for _ in phrase(words).matches(plain(text)))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("着火", "家里着火了"),
        ("着火", "着 火"),
        ("着火", "着\u200b火"),
        ("着火", "着\u3164\u00ad火"),
        ("120", "打１２０"),
        ("ktv", "ＫＴＶ门口"),
        ("拿…刀", "拿着一把很长的刀"),
        ("拿…刀", "拿出来了,是刀"),
        ("(拿|持)…(刀|斧)", "手里持着斧头"),
        ("没(有)?呼吸", "没呼吸了"),
        ("没(有)?呼吸", "没有呼吸了"),
        ("披萨………流血", "订一份披萨。对。送到柳林街。他在旁边,在流血"),
        ("老人……不开门", "老人住在三楼,我们去了好几次,怎么叫怎么敲都不开门"),
    ],
)
def test_what_is_found(words: str, text: str) -> None:
    assert finds(words, text)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("拿…刀", "拿了东西。刀不在"),
        ("拿…刀", "拿着一个看起来非常非常非常非常长的刀"),
        ("拿~刀", "拿着,刀"),
        ("披萨……流血", "订一份披萨。他在流血"),
        ("披萨………流血", "披萨" + "好" * 91 + "流血"),
        ("拿~刀", "拿着一把很长的刀"),
        ("(拿|持)刀", "带刀"),
    ],
)
def test_what_is_not_found(words: str, text: str) -> None:
    assert not finds(words, text)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("有人跳·楼", "有人跳楼"),
        ("有人跳・楼", "有人跳楼"),
        ("自*杀", "自杀"),
        ("自**杀", "自杀"),
        ("跳/楼", "跳楼"),
        ("跳-楼", "跳楼"),
        ("砍＿人", "砍人"),
        ("他跳,楼上有人", "他跳,楼上有人"),
        ("他跳。楼上有人", "他跳。楼上有人"),
        ("我们一起~火锅店见", "我们一起~火锅店见"),
        ("5-1栋", "5-1栋"),
        ("A-B座", "a-b座"),
    ],
)
def test_signs_inserted_into_a_word_are_read_over(given: str, read: str) -> None:
    assert said(given) == read


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "it is empty"),
        (" \u200b", "it is empty"),
        ("枪", "it needs two signs or more: one sign occurs in too many words"),
        ("…着火", "it begins or ends with a gap"),
        ("着火~", "it begins or ends with a gap"),
        ("(拿|持刀", "the bracket ( is not closed"),
        ("(拿||持)刀", "a choice is empty"),
        ("(拿|(持))刀", "a choice holds words only, no gap, bracket or *"),
        ("拿|持刀", "| belongs to a choice such as (拿|持)"),
        ("着火?", "? belongs to a choice such as (拿|持)"),
        ("拿…刀…砍…人…了", "it has more than 3 gaps"),
        ("演习*", "* stands only in the phrase of a context"),
        ("火" * 1_201, "it is longer than 1200 signs"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(words: str, sentence: str) -> None:
    with pytest.raises(
        PhraseError, match="^" + sentence.translate({i: f"\\{chr(i)}" for i in b"()|?*+"})
    ):
        phrase(words)


@pytest.mark.parametrize("words", ["*", "*演习*", "*…"])
def test_a_context_names_words_beside_one_star(words: str) -> None:
    with pytest.raises(PhraseError):
        around(words)


def test_a_context_holds_beside_the_words() -> None:
    news = around("新闻里…*")
    assert isinstance(news, Around)
    text = "新闻里说一个小区着火了"
    at = text.index("着火")
    assert news.holds(text, at, at + 2)
    assert not news.holds("着火的新闻里", 0, 2)


@given(st.text())
def test_no_text_is_too_strange_to_read_or_to_search(text: str) -> None:
    assert not finds("着火" * 5, text)
    with suppress(PhraseError):
        phrase(text)


@given(st.lists(st.sampled_from(["\u200b", " ", "\u3000", "\ufeff", "\u2060", ""]), min_size=4))
def test_signs_that_show_nothing_never_hide_a_danger(between: list[str]) -> None:
    assert finds(
        "有人砍人", "".join(sign + gap for sign, gap in zip("有人砍人", between, strict=False))
    )


def test_a_list_is_read_without_compiling_and_a_text_compiles_what_it_may_hold() -> None:
    """All of a city's list would take most of a second of each process that reads it."""
    words = ("一只…紫龙", "二只…紫龙", "三只…紫虎")
    before = compiled.cache_info().currsize
    listener = Listener(DangerList((Danger("beast", "P1", 90, words),)))
    assert compiled.cache_info().currsize == before
    [sign] = listener.signs("门口有一只会飞的紫龙")
    assert (sign.category, compiled.cache_info().currsize - before) == ("beast", 1)
