"""What files are read as, and which are refused instead of being read as other characters."""

import pytest

from backbone.words.encodings import UnknownEncoding, decoded

TABLE = "id,petitioner,subject,time,text\nX1,陳大文,噪音,2026-01-01,樓上裝修噪音很大，請儘快處理\n"
SIMPLE = "id,petitioner,subject,time,text\nX1,陈大文,噪音,2026-01-01,楼上装修噪音很大\n"


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        SIMPLE,
        "東區路燈壞了，請儘快派人修理",
        "id,petitioner\n1,王小明\n",
        "联通",
        "邓䶮,闫喆,亓官",
        "嘅冇佢咗喺啲",
        "①②③④⑤Ⅰ、〇㎡",
        "ア,イ,ウ 日文商店的名字",
        "Ä,é,ß 欧洲名字",
        "😀 有人打架",
    ],
)
def test_chinese_is_read(text: str) -> None:
    assert decoded(text.encode("gb18030")) == (text, "GB18030")
    assert decoded(text.encode()) == (text, "UTF-8")


@pytest.mark.parametrize(
    "text", [TABLE, "id,name\n1,王小明\n", "緊急電話：樓下有人打架", "李四", "東", "陳大文,青山鎮"]
)
@pytest.mark.parametrize("encoding", ["big5", "cp950"])
def test_big5_is_named(text: str, encoding: str) -> None:
    with pytest.raises(UnknownEncoding, match="it is Big5") as refused:
        decoded(text.encode(encoding))
    assert refused.value.line == 1 + text[: text.index(next(c for c in text if c > "z"))].count(
        "\n"
    )
    assert refused.value.chinese == "是 Big5 编码（繁体中文）"


def test_what_is_no_chinese_is_refused() -> None:
    with pytest.raises(UnknownEncoding, match="no Chinese text") as refused:
        decoded(b"id,name\n1,\xaa\xa1\xab\xb5\xac\xf1,\xfa\xa1\n")
    assert refused.value.line == 2


@pytest.mark.parametrize("text", [SIMPLE, TABLE, "请尽快派人来修理" * 20])
def test_a_broken_byte_in_utf8_is_told_as_that(text: str) -> None:
    raw = text.encode()
    with pytest.raises(UnknownEncoding, match="is not UTF-8"):
        decoded(raw[:-5] + b"\xff" + raw[-5:])
    with pytest.raises(UnknownEncoding):
        decoded(raw + text.encode("gb18030"))
