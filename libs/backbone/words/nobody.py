"""Knows the words that desks write into a name field instead of a name: 房东, 群众, 不详. Pure."""

import re
from functools import lru_cache

from backbone.words.letters import folded

_WORDS = (
    # what a person is in the matter
    "报警人|报案人|来电人|来话人|来访人|举报人|反映人|投诉人|求助人|诉求人|信访人|上访人|申请人|被申请人|代理人|"
    "当事人|知情人|目击者|目击人|证人|受害人|被害人|伤者|患者|病人|死者|嫌疑人|对方|双方|联系人|机主|户主|本人|自己|"
    # what a person is in the town
    "群众|人民群众|老百姓|百姓|居民|市民|村民|网民|网友|业主|房东|房客|租客|租户|住户|邻居|商户|商家|店主|店员|老板|车主|"
    "司机|驾驶员|乘客|路人|行人|游客|旅客|顾客|客人|客户|用户|家长|家属|亲属|亲戚|朋友|同事|同学|学生|老师|医生|护士|记者|"
    "律师|民警|辅警|警察|交警|保安|保洁|物业|骑手|快递员|外卖员|网格员|社工|志愿者|管理员|值班员|负责人|工作人员|员工|职工|工人|"
    "农民工|民工|代表|老人|老太太|老头|大爷|大妈|大叔|阿姨|大哥|大姐|小伙子|小伙|小孩|孩子|儿童|"
    "男子|女子|男士|女士|男性|女性|男人|女人|先生|小姐|男的|男|女的|女|"
    # that no name is known
    "不详|不明|不知|未知|未留|未填|未说|没留|没有|暂无|无名氏|无名|无姓名|无|空|匿名者|匿名|保密|隐名|佚名|某人|某某某|某某|某|"
    "(?:拒绝|不愿|不便|未|拒不)(?:意|肯)?(?:透露|提供|告知|说明|留名)|不留名|测试|"
    "unknown|anonymous|anon|none|na|null|caller|test"
)
_BEFORE = (
    "姓名|名字|一名|一位|一个|一|两名|该|此|某|热心|过路|附近|周边|周围|楼上|楼下|隔壁|现场|小区|本村|本地|外地|"
    "出租车|货车|公交车|公交|电动车|男|女|老"
)
_BEHIND = "甲|乙|丙|丁|们|[0-9]{1,2}|一|二|三|[abc]|男|女|不详|先生|女士"
_CHARACTER = "[\u3400-\u9fff]"
_NOBODY = re.compile(rf"(?:{_BEFORE})*(?:{_WORDS})(?:{_BEHIND})?")


# In front of a name, such as 报警人邬黛芸; of one character they may be its surname.
_ROLE = re.compile(
    rf"^(?:{_BEFORE})*(?:(?:(?={_CHARACTER}{{2}})(?:{_WORDS}))+)(?={_CHARACTER}{{2,4}}$)"
)


def bare_name(said: str) -> str:
    """The name in a field without what the person is (报警人邬黛芸)."""
    plain = said.strip()
    return _ROLE.sub("", plain) or plain


@lru_cache(maxsize=4096)
def names_nobody(name: str) -> bool:
    """Whether a name field holds a word that is no person's name."""
    return _NOBODY.fullmatch(folded(name)) is not None
