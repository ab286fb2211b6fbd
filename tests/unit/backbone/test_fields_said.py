"""People write more into a field than a name or a number: what it names is found all the same."""

import pytest

from backbone.words.masks import masked
from backbone.words.mentions import NAME, NUMBER
from backbone.words.names_said import names_said
from backbone.words.numbers_said import numbers_of_field
from backbone.words.persons import unnamed

ONE, OTHER = "13424142192", "13988887777"


@pytest.mark.parametrize(
    "field",
    [
        "13424142192，13988887777", "13424142192,13988887777", "13424142192 13988887777",
        "13424142192；13988887777", "13424142192、13988887777", "13424142192/13988887777",
        "13424142192\n13988887777", "13424142192（儿子13988887777）", "13424142192和13988887777",
        "本人13424142192，妻13988887777", "一三四二四一四二一九二，13988887777",
        "+86 134-2414-2192 / 139 8888 7777",
    ],
)  # fmt: skip
def test_each_of_several_numbers_in_a_field_is_taken_out(field: str) -> None:
    assert unnamed(f"电话{ONE}，或者{OTHER}。", [], [field]) == f"电话{NUMBER}，或者{NUMBER}。"


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("13424142192（本人）", ("13424142192",)),
        ("微信同号13424142192", ("13424142192",)),
        ("身份证610113199003071232", ("610113199003071232",)),
        ("88001234，13424142192", ("13424142192", "88001234")),
        ("1342414219213988887777", (ONE, OTHER)),
        ("李四13800138000", ("13800138000",)),
        ("13424142192", ()),
        ("0571-88001234", ()),
        ("138/1234/9876", ()),
        ("029-87654321转801", ()),
        ("+44 20 7946 0958", ()),
        ("不详", ()),
    ],
)
def test_a_number_is_read_out_of_the_words_beside_it(field: str, found: tuple[str, ...]) -> None:
    assert numbers_of_field(field) == found


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("13424142192，13988887777", "134****2192、139****7777"),
        ("13424142192（儿子）", "134****2192"),
        ("身份证610113199003071232", "610***********1232"),
    ],
)
def test_the_mask_of_several_numbers_shows_of_each_what_masks_show(field: str, shown: str) -> None:
    assert masked("contact", field) == shown


@pytest.mark.parametrize(
    "field",
    [
        "邬黛芸女士", "邬黛芸（女儿）", "邬黛芸（王三丰之妻）", "邬黛芸之女", "邬黛芸的母亲",
        "邬黛芸家属", "邬黛芸先生的母亲", "报警人邬黛芸", "报警人：邬黛芸", "热心群众邬黛芸",
        "民警邬黛芸", "派出所民警邬黛芸", "局长邬黛芸", "市监局副局长邬黛芸", "村主任邬黛芸",
        "法定代表人邬黛芸", "保安队长邬黛芸", "其妻邬黛芸", "李四光和其妻邬黛芸", "我叫邬黛芸",
        "曾用名邬黛芸", "李四光（小名黛芸，又名邬黛芸）", "邬黛芸等3人", "邬黛芸夫妇",
        "邬黛芸副镇长", "村医邬黛芸", "邬黛芸等三名民警", "开发商邬黛芸", "邬黛芸13800138000",
        "姓名邬黛芸", "实名举报人邬黛芸", "自称是邬黛芸的女子", "邬黛芸家长",
        "邬黛芸女45岁", "邬黛芸（派出所所长）", "邬黛芸、李四光", "李四光，邬黛芸", "李四光/邬黛芸",
        "李四光和邬黛芸", "李四光 邬黛芸",
    ],
)  # fmt: skip
def test_a_name_is_read_out_of_the_words_beside_it(field: str) -> None:
    told = unnamed("邬黛芸来电，黛芸称与邻居争吵，请找邬女士。", [field], [])
    assert told == f"{NAME}来电，{NAME}称与邻居争吵，请找{NAME}。"


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("局长王某", "王局长和王某某都说，某某小区", f"{NAME}和{NAME}都说，某某小区"),
        ("一个姓邬的民警", "邬警官收钱", f"{NAME}收钱"),
        ("邬黛芸（派出所所长）", "派出所邬所长", f"派出所{NAME}"),
        ("某公司经理", "公司拖欠工资", "公司拖欠工资"),
        ("南京市长江路", "长江路", "长江路"),
    ],
)
def test_an_office_in_a_field_is_no_name(field: str, text: str, told: str) -> None:
    assert unnamed(text, [field], []) == told


@pytest.mark.parametrize(
    "field",
    [
        "李胜男",
        "王会计",
        "田子方",
        "邬黛芸",
        "邬 黛 芸",
        "欧阳 黛芸",
        "和珅",
        "John Smith",
        "阿卜杜拉·买买提",
    ],
)
def test_a_name_alone_stays_what_it_is(field: str) -> None:
    assert names_said([field]) == [field]


@pytest.mark.parametrize("field", ["房东", "热心群众", "报警人", "不详"])
def test_a_field_without_a_name_names_nobody(field: str) -> None:
    text = "报警人称小区居民代表与房东争吵，热心群众劝阻，原因不详。"
    assert unnamed(text, [field], []) == text
