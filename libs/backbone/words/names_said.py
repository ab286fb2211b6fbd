"""Reads the names in a field in which people write more than a name. Pure.

Several of them (邬黛芸、王三丰), a form of address (邬黛芸女士), what the person is
(报警人邬黛芸, 派出所民警邬黛芸, 局长邬某), and who a person is to another (邬黛芸（女儿）,
邬黛芸之妻, 其妻邬黛芸). A surname alone names a person, too (姓邬的民警).
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from backbone.words.letters import folded
from backbone.words.nobody import bare_name, names_nobody
from backbone.words.surnames import DOUBLE, SURNAME

_BETWEEN = re.compile(r"[、,，;；/／|｜:：()（）\[\]［］【】<>《》〈〉\n]|或者|以及")
# Also surnames and parts of names: between two names alone.
_AND = re.compile(
    r"^([\u3400-\u9fff]{2,4})[和与及跟同](其[\u3400-\u9fff]{2,7}|[\u3400-\u9fff]{2,4})$"
)
_APART = re.compile(r"[\u3400-\u9fff]{2,4}(?:[ \u3000]+[\u3400-\u9fff]{2,4})+")
_ADDRESS = (
    "先生|女士|小姐|师傅|老师|同志|同学|大爷|大妈|大娘|大伯|大叔|大哥|大姐|大嫂|大姨|大婶|大爹|阿姨|阿婆|叔叔|伯伯|婆婆|"
    "奶奶|爷爷|太太|夫人|董事长|老板|经理|主任|医生|大夫|护士|律师|法官|检察官|记者|会计|司机|房东|教练|队长|书记|支书|主席|"
    "老人|老汉|老太太|老太|老头|老爷子|警官|民警|局长|科长|所长|院长|校长|教授"
)
_OF = (
    "女儿|儿子|母亲|父亲|妈妈|爸爸|丈夫|妻子|爱人|老婆|老公|家属|亲属|家人|孩子|"
    "邻居|朋友|同事|同学|本人"
)
_OTHERS = (
    "等(?:[0-9一二三四五六七八九十两几多]*[人名位][\u3400-\u9fff]{0,4})?|夫妇|夫妻|两口子|一家|全家|父子|母子|"
    "兄弟|姐妹"
)
_BEHIND = re.compile(
    rf"^([\u3400-\u9fff]{{2,4}}?)(?:{_ADDRESS})?"
    rf"(?:(?:的|之)?(?:{_OF})|之[妻夫子女母父弟妹兄姐]|{_OTHERS}|(?:[男女]|)[0-9]{{1,3}}岁|"
    rf"(?:副|)[镇乡区县市村局处科所院校]长|家长|[0-9]{{7,}}x?)?$"
)
# What stands in front of a name: an office, a trade or a kinship, with all before it.
_OFFICE = (
    "[局处厅市县区镇乡村组股部站厂社店班队科所院校会行园董]长|主任|书记|支书|主席|委员|经理|董事|会计|出纳|协管|"
    "警官|警员|民警|辅警|协警|交警|刑警|特警|巡警|警察|法官|检察官|律师|医生|大夫|护士|老师|教师|教授|教练|记者|司机|"
    "[队科警职人党社店成组]员|干部|职工|工头|老板|法人(?:代表)?|代表人?|负责人|经办人|当事人|举报人|报案人|"
    "村医|开发商|承包商|供应商|保姆|保洁|中介|先生|女士|小姐|师傅|同志"
)
_KIN_OF = (
    f"{_OF}|妻|夫|子|女|父|母|弟|弟弟|妹|妹妹|哥|哥哥|兄|姐|姐姐|儿媳|儿媳妇|女婿|孙子|孙女|外孙|外孙女|爷爷|奶奶|外公|外婆|岳父|岳母|"
    "公公|婆婆|叔叔|伯父|舅舅|姑姑|姨妈|侄子|侄女|外甥|外甥女"
)
_GIVEN = rf"(?P<name>{SURNAME}[\u3400-\u9fff]{{1,2}})"
_BEFORE = re.compile(
    rf"^(?:.*(?:{_OFFICE})|(?:.*[其我他她的])?(?:{_KIN_OF})|.*(?:我是|我叫|名叫|叫|名为|姓名|名字|自称))"
    rf"[是为]?{_GIVEN}(?:的(?:[男女][子人]|人|居民|村民|群众))?$"
)
# Other names of a person need no surname.
_ALSO = re.compile(
    "^(?:曾用名|又名|别名|小名|乳名|化名|绰号|外号|网名|艺名|原名)[是为叫]?(?P<name>[\u3400-\u9fff]{2,4})$"
)
_OF_SURNAME = re.compile(
    rf"^(?:.*[^\u3400-\u9fff]|[一有那某这该]?[个名位])?姓(?P<name>{SURNAME})(?:的.*)?$"
)
_WAYS = (_BEFORE, _ALSO, _OF_SURNAME)
# A field without its name leaves words such as these: a body, a place or an age.
_NO_NAME = re.compile(
    r".*(?:[局所处厅部委办厂店院校站队科镇乡街村区县市省路巷]|公司|集团|政府|中心|单位|小区|社区)|.*岁|[我你他她]的|其他"
)


def names_said(fields: Iterable[str]) -> list[str]:
    """Each field as it is, and the names in it."""
    return list(dict.fromkeys(name for field in fields for name in _names(field)))


@lru_cache(maxsize=4096)
def _names(field: str) -> tuple[str, ...]:
    if names_nobody(field):
        return (field,)
    # With an office in front it is no name by itself: of 局长王某 not 局 is the surname.
    names = [] if _BEFORE.match(folded(field)) else [field]
    for piece in _pieces(field):
        plain = bare_name(piece)
        both = _AND.match(plain)
        for each in both.groups() if both and len(plain) > 4 else (plain,):
            names += _name_in(each, folded(field))
    told = dict.fromkeys(n for n in names if n.strip() and not names_nobody(n))
    return tuple(told) or (field,)


def _name_in(said: str, field: str) -> list[str]:
    """The name without what stands before and behind it; as it is said, where nothing does."""
    plain = folded(said)
    behind = _BEHIND.match(plain)
    name = behind[1] if behind else plain
    before = next(filter(None, (way.match(each) for each in (name, plain) for way in _WAYS)), None)
    name = before["name"] if before else name
    if name in (plain, field):
        return [said]
    return [] if _NO_NAME.fullmatch(name) else [name]


def _pieces(field: str) -> list[str]:
    """What stands between commas and the like; and names between blanks, unless one of them is a
    surname (欧阳 黛芸)."""
    pieces = [piece.strip() for piece in _BETWEEN.split(field)]
    apart = [piece.split() if _APART.fullmatch(piece) else [piece] for piece in pieces]
    return [
        each
        for names, piece in zip(apart, pieces, strict=True)
        for each in ([piece] if any(map(DOUBLE.fullmatch, names)) else names)
    ]
