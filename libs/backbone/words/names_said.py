"""Reads the names in a field in which people write more than a name. Pure.

Several of them (邬黛芸、王三丰), a form of address (邬黛芸女士), what the person is
(报警人邬黛芸), and who a person is to another (邬黛芸（女儿）, 邬黛芸之妻).
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from backbone.words.letters import folded
from backbone.words.nobody import bare_name, names_nobody

# Surnames of two characters.
DOUBLE = re.compile(
    "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|宇文|长孙|端木|百里|南宫|西门|独孤|"
    "申屠|轩辕|钟离|闻人|澹台|公冶|宗政|濮阳|淳于|单于|太叔|仲孙|呼延|闾丘|司空|东郭|左丘|完颜|纳兰"
)
_BETWEEN = re.compile(r"[、,，;；/／|｜:：()（）\[\]［］【】<>《》〈〉\n]|或者|以及")
# Also surnames and parts of names: between two names alone.
_AND = re.compile(r"^([\u3400-\u9fff]{2,4})[和与及跟同]([\u3400-\u9fff]{2,4})$")
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
_BEHIND = re.compile(
    rf"^([\u3400-\u9fff]{{2,4}}?)(?:{_ADDRESS})?"
    rf"(?:(?:的|之)?(?:{_OF})|之[妻夫子女母父弟妹兄姐])?$"
)


def names_said(fields: Iterable[str]) -> list[str]:
    """Each field as it is, and the names in it."""
    return list(dict.fromkeys(name for field in fields for name in _names(field)))


@lru_cache(maxsize=4096)
def _names(field: str) -> tuple[str, ...]:
    if names_nobody(field):
        return (field,)
    names = [field]
    for piece in _pieces(field):
        plain = bare_name(piece)
        both = _AND.match(plain)
        for each in both.groups() if both and len(plain) > 4 else (plain,):
            found = _BEHIND.match(folded(each))
            names.append(found[1] if found and found[1] != folded(field) else each)
    return tuple(dict.fromkeys(n for n in names if n.strip() and not names_nobody(n)))


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
