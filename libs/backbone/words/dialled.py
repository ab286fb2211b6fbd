"""Whether a text says that digits are a telephone number, or that they are something else. Pure.

Days, times, amounts and the numbers of documents may have the form of a telephone number.
"""

import re

from backbone.words.known_numbers import as_read

_PHONE = "电话|座机|号码|固话|家电|宅电|来电|小灵通|联系|致电|拨打|回拨|tel|phone"
_CALLED = re.compile(rf"(?:(?:{_PHONE})(?P<between>[^0-9]{{0,4}})|[拨打](?:了|过|到|给|通)?)$")
_SO_CALLED = re.compile("是?(?:座机|固话|家电|宅电|小灵通)")
_TO = re.compile(r"(?:转分机|转接|转|分机号?)[0-9]")
# Behind such a word a day or a span of time without signs between is none to be dialled.
_AT_A_TIME = re.compile("会议|会|记录|通知|值班|接待|接听|办公|开通|时间|时段|日期|日")
_MONTH, _DAY = "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])"
_YEAR = "(?:19|20)[0-9]{2}"
_CLOCK = "(?:[01][0-9]|2[0-4])[0-5][0-9]"
_BARE_TIME = re.compile(rf"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])|{_CLOCK}{_CLOCK}")
_APART = r"\s?[-‐-―－./．／]\s?"
# A day or an amount, with the signs that are usual in one.
_WRITTEN = re.compile(
    rf"(?<![0-9])(?:{_YEAR}{_APART}{_MONTH}{_APART}{_DAY}|{_DAY}{_APART}{_MONTH}{_APART}{_YEAR}"
    r"|[0-9]{1,3}(?:,[0-9]{3}){2,}(?:\.[0-9]{1,4})?|[0-9]{1,3}(?:，[0-9]{3}){2,}"
    r"|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{2})(?![0-9])"
)
_MONEY = re.compile(
    r"(?:\.[0-9]{1,4})?\s{0,2}[多余]?[万亿]{0,2}(?:元(?![宵旦素气月老首帅勋霄]|先生|女士|小姐)|块|圆整|[美欧日港澳]元|人民币|rmb)",
    re.I,
)
_CURRENCY = re.compile(r"(?:[¥￥$€]|rmb|人民币)\s?$", re.I)
_ITS_DOCUMENT = re.compile(
    r"\s?号\s?(?:文件|文书|文(?![一二三])|通知|决定|令|函|批复|裁定|判决|合同|协议|案|卷|档案|工单|订单|公告|发票|收据)"
)
_DOCUMENT = re.compile(
    r"(?:编号|文号|案号|字号|单号|卷号|批号|序号|流水号|发票号|合同号|档案号|文件号|证号|票号)[为是系]?[:：]?\s?$"
)
_OF_YEAR = re.compile(rf"(?<![0-9]){_YEAR}(?![0-9])")
_NAMED = re.compile(
    rf"(?:{_PHONE}|手机号?|方式|热线|[拨打])(?:号码?)?[了过到给通]?[为是]?[:：,，\s]{{0,3}}$", re.I
)
_AROUND = 24


def is_dialled(signs: str, at: int, stop: int, digits: str) -> bool:
    """Whether a text says of a number without its area code that it is one."""
    behind = as_read(signs[stop:][:6])
    called = _CALLED.search(signs[max(0, at - 8) : at])
    if called and _AT_A_TIME.search(called["between"] or "") and _BARE_TIME.fullmatch(digits):
        called = None
    return bool(called or _TO.match(behind) or _SO_CALLED.match(behind))


def is_something_else(text: str, start: int, stop: int) -> bool:
    """Whether what has the form of a number is a day, an amount or the number of a document."""
    first = max(0, start - _AROUND)
    for found in _WRITTEN.finditer(text, first, stop + _AROUND):
        if found.start() < stop and found.end() > start:
            return True
    if _ITS_DOCUMENT.match(text, stop):
        return True
    before = text[first:start]
    if _DOCUMENT.search(before):
        return _OF_YEAR.search(text, start, stop) is not None
    if _NAMED.search(before):
        return False
    return bool(_MONEY.match(text, stop) or _CURRENCY.search(before))
