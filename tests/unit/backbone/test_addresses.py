"""Two texts of one address are equal in the form in which they are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.words.addresses import Gazetteer, is_exact
from backbone.words.areas import level_of
from backbone.words.city import Area

NAMES = {
    "990100": "云川市", "990101": "青岚区", "990101001": "青山镇", "990101001001": "和源村",
    "990102": "临江区",
}  # fmt: skip
ALIASES = {"990101001": ("青山乡", "青山公社", "青山")}
GAZETTEER = Gazetteer(
    Area(code, name, level_of(code), ALIASES.get(code, ())) for code, name in NAMES.items()
)
FULL_WIDTH = {at: at + 0xFEE0 for at in range(0x21, 0x7F)}
FORMS = {
    "长风路12号": (
        "长风路12号", "长风路12#".translate(FULL_WIDTH),
        "长风路 12 号", "长风路12#", "长风路十二号", "长风路012号",
        "云川市青岚区青山镇长风路12号", "云川青岚区长风路12号", "青山镇长风路12号",
        "某某省云川市青岚区长风路12号", "中国云川市,长风路12号", "长风路12号附近",
        "长风路12号门口", "长风路No.12", "云川市 · 长风路 12号", "长风路\u200b12号",
    ),
    "长风路12号3栋2单元501室": (
        "长风路12号3栋2单元501室", "长风路12号3幢2单元501室", "长风路十二号三栋二单元五〇一室",
        "长风路12号,3号楼2单元501室", "长风路12号院3号楼2单元501", "长风路12号院3-2-501",
        "长风路12号 3—2—501室", "长风路１２号３－２－５０１", "青山乡长风路十二号院3栋2单元501",
        "长风路12号3栋2单元501门口", "长风路12号3号楼二单元五零一", "長風路12號3棟2單元501室",
        "长风路12号3#2单元501", "长风路12-3-2-501", "长风路12号3座2单元501室",
        "长风路12号3栋2门501", "长风路12号三号楼二门五〇一室",
    ),
    "长风路22号": ("长风路二十二号", "长风路廿二号", "长风路贰拾贰号", "長風路廿二號"),
    "长风路20号": ("长风路20号", "长风路贰拾号", "长风路廿号"),
    "长风路12号a栋": ("长风路12号a栋",),
    "长风路12号a座": ("长风路12号A座", "长风路12号Ａ座"),
    "凤林村3组": ("凤林村3组", "凤林村三组", "凤林村第三组", "青山镇凤林村第3组"),
    "建设路长风路路口": (
        "长风路与建设路交叉口", "建设路长风路路口", "长风路和建设路交叉路口", "长风路/建设路口",
        "建设路与长风路交汇处", "青山镇长风路与建设路十字路口附近", "建设路长风路交口",
    ),
    "310国道125公里300米": (
        "G310国道125公里300米", "310国道125km+300m", "G310国道K125+300", "310国道125公里+300米处",
        "g310国道k125+300附近",
    ),
    "310国道125公里": ("G310国道125公里处", "310国道K125", "310国道125km"),
    "万达广场3层": ("万达广场3楼", "万达广场三层", "万达广场三楼"),
    "第一小学": ("第一小学",),
    "长风路口": ("长风路口",),
    "长风路1层": ("长风路一楼",),
    "长风路88号3栋": ("青山乡长风路八十八号院3栋", "长风路88号院3号楼", "青山公社长风路88号3幢"),
    "长风路12号3栋501室": ("长风路12号3栋501", "长风路12号3号楼501室"),
    "青山路12号": ("青山路12号", "青山乡青山路12号"),
    "长风路12号20261130": ("长风路12号2026-11-30",),
    "长风路120号": ("长风路一百二十号", "长风路120号"),
    "和源村5号": ("青山镇和源村5号", "和源村五号"),
    "青山镇": ("青山镇", "青岚区青山镇", "青山镇附近"),
    "五四路口": ("五四路口",),
    "": ("", "  ", "\u3164", ",。"),
}  # fmt: skip


@pytest.mark.parametrize(("address", "form"), [(a, form) for a in FORMS for form in FORMS[a]])
def test_every_text_of_an_address_is_the_same(address: str, form: str) -> None:
    assert GAZETTEER.address_of(form) == address


@given(st.text("长风路青山镇号#栋0123456789abc", max_size=20), st.data())
def test_width_and_spaces_make_no_difference(text: str, data: st.DataObject) -> None:
    wide = text.translate(FULL_WIDTH)
    spaced = "".join(each + data.draw(st.sampled_from(["", " ", "\u3000"])) for each in wide)
    assert GAZETTEER.address_of(spaced) == GAZETTEER.address_of(text)


def test_only_an_address_with_a_number_means_one_place() -> None:
    assert is_exact("长风路12号") and not is_exact("长风路口") and not is_exact("")
