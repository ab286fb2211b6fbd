"""Repeats 重复件: earlier petitions of one person are suggested, with reasons."""

from uuid import UUID

from services.petition.petition.repeats import Earlier, suggest


def test_repeats_are_suggested_with_reasons() -> None:
    text = "小区门前的路灯坏了三个月没有人修"
    same = Earlier(UUID(int=1), "a", "灯", "小区门前的路灯坏了四个月还没有人修")
    other = Earlier(UUID(int=2), "b", "水", "自来水发黄")
    suggested = suggest(text, [other, same])
    assert [each.code for each in suggested] == ["a", "b"]
    assert [each.reasons for each in suggested] == [
        ("SAME_PETITIONER", "SIMILAR_TEXT"),
        ("SAME_PETITIONER",),
    ]
    assert suggest("", [Earlier(UUID(int=3), "c", "", "")])[0].similarity == 0
