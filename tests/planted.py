"""Free texts with planted personal data, made by kinds; and texts that have none."""

import random
from dataclasses import dataclass

NAMES = (
    "张三丰", "李雷", "欧阳明月", "王小明", "司马光远", "陈静", "阿卜杜热合曼",
    "赵子龙", "周杰", "诸葛孔明",
)  # fmt: skip
_WIDE = str.maketrans("0123456789Xx", "０１２３４５６７８９Ｘｘ")
_SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")
_RADIO = str.maketrans("0123456789", "洞幺两三四五六拐八勾")
_CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
_BOLD = str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")
_WRITTEN = str.maketrans("0123456789", "〇一二三四五六七八九")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Planted:
    """A text, and the piece of it that is personal; `kind` is its sort, and how it is typed."""

    text: str
    piece: str
    kind: str


def numbers(seed: int = 10) -> list[Planted]:
    chance = random.Random(seed)
    makers = {
        "mobile": _mobile, "landline": _landline, "identity": _identity, "card": _card,
        "plate": _plate,
    }  # fmt: skip
    ways = {
        "plain": _plain, "wide": _wide, "spaced": _spaced, "dashed": _dashed, "dotted": _dotted,
        "broken": _broken, "invisible": _invisible, "chinese": _chinese, "radio": _radio,
        "circled": _circled, "bold": _bold, "keycaps": _keycaps,
    }  # fmt: skip
    return [
        Planted(frame.format(piece), piece, f"{kind} {how}")
        for kind, make in makers.items()
        for how, typed in ways.items()
        for frame in FRAMES
        for _ in range(2)
        for piece in [typed(make(chance))]
        if how not in ("chinese", "radio") or kind in ("mobile", "landline")
    ]


def hidden() -> list[tuple[Planted, str]]:
    """Names and numbers of which a part is hidden, each with the one that the matter knows."""
    chance = random.Random(20)
    known = [("赵小凤", "赵", "小凤"), ("欧阳明月", "欧阳", "明月"), ("李雷", "李", "雷")]
    pieces = [
        (form.format(surname, given, given[-1]), name)
        for name, surname, given in known
        for form in HIDDEN_NAMES
    ]
    for number in (_mobile(chance) for _ in range(8)):
        tail = number[-4:]
        hides = [number[:3] + sign * 4 + tail for sign in "*＊xXｘ×○〇●□_?"]
        hides += [f"{number[:3]}-****-{tail}", f"{number[:3]} **** {tail}", f"{number[:3]}…{tail}"]
        hides += [f"+86 {number[:3]}****{tail}", f"{number[:2]}*******{tail[2:]}", f"*******{tail}"]
        hides += [f"{number[:7]}****", f"{number[:3]}****{tail}".translate(_WIDE)]
        pieces += [(each, number) for each in hides]
    for number in (_landline(chance) for _ in range(4)):
        bare = number.replace("-", "")
        hides = [f"{bare[:2]}{'*' * (len(bare) - 4)}{bare[-2:]}", f"{number[:-4]}****"]
        pieces += [(each, number) for each in [*hides, f"{number[:-8]}****{bare[-4:]}"]]
    frames = ("已联系{}，无人接", "联系人（{}）", "{}")
    return [
        (Planted(frame.format(piece), piece, "hidden"), known)
        for piece, known in pieces
        for frame in frames
    ]


HIDDEN_NAMES = (
    "{0}**", "{0}＊＊", "{0}×", "{0}×{2}", "{0}X{2}", "{0}x{2}", "{0}XX", "{0}*{2}", "{0}○○",
    "{0}〇〇", "{0}□□", "{0}OO", "{0}??", "{0} * *", "{0}**女士", "*{1}", "**{2}",
    "{0}某{2}", "{0}某某",
)  # fmt: skip


def persons() -> list[tuple[Planted, str]]:
    """Each with the name that the matter knows."""
    return [
        (Planted(frame.format(piece), piece, how), name)
        for name in NAMES
        for how, piece in _called(name).items()
        for frame in (
            "我是{}，请快来。",
            "楼下{}又来闹事",
            "已联系{}\n对方未答",
            "（{}）反映噪音扰民",
        )
    ]


FRAMES = (
    "报警人留的是{}，请回拨。",
    "他说：{}；没有别的。",
    "两个人打架，{}\n请快来",
    "{}",
    "（{}）已核实",
    "电话会议2026-11-30 14:00-16:00，请先打{}，再议",
    "工程款15000元、金额1,380,000.00元未付，{}，请回拨",
    "文号2026-0001号文件已送达，留的是{}。",
)

CALLED = (
    "太太", "大姨", "叔", "姨", "婶", "嫂", "伯", "爷", "妈", "婆婆", "老汉", "老头", "老爷子",
    "氏", "会计", "护士", "司机", "村长", "支书", "工程师", "网格员", "民警",
)  # fmt: skip

NOTHING = (
    "2026年11月29日10时08分在文一西路586号，3栋2单元1203室漏水",
    "2026-11-29 10:08:56 接报，2026/11/30 08:00 到场",
    "事项330106261129-000001-3已转办，工单号20261129100856",
    "三个人在一楼打架，两人受伤，一百二十元被抢",
    "楼高120米，面积1380平方米，赔偿13800元，合计1,380,000.00元",
    "坐标120.123456, 30.123456，误差500米",
    "川菜馆A12门口，新建A栋，苏大强路过",
    "拨打110、119、120均占线，已联系12345",
    "编号110105194912310021不符，快递SF1234567890123",
    "王府井大街路灯坏了，李子园小区，张贴小广告，陈年旧账",
    "订单6222021234567890122已退款，条码6901234567892",
    "增产+120000000元，涨幅+12.5%，2026/11/30 138 户，15/11/2026，3/2/501，比例1/200000",
    "批次862212345678901，转2号楼，20261129转交3人，第00120000号",
    "打架损失3000000元，打扫2345678平方米，订单23456789送达，拨款5000000元",
    "川A两三家饭店，两三百人，一两个，山洞两处，拐角九号，勾一下二三楼",
    "张家港路、李家沟村、王家庄的路灯，老街坊，司机在等，爷爷奶奶都在",
    "电话会议2026-11-30 14:00-16:00，电话记录2026.11.30，电话：2026/1/3，电话会议20261130",
    "金额138,000,000.00元，合计1,138,000,000元，另有1,359,123,456.00元",
    "工程款15912345678元未付，贷款13812345678.50元，15912345678万元，约13812345678块，￥13812345678",
    "编号为010-2026-0001号文件，文号021-2025-1234，010-8765-4321号文件，13812345678号订单",
    "电话值班2030-2230，电话接待时间0830-1730，电话费3456789元",
    "老王头面馆、张姐理发店、老周饭店、王记牛肉面馆、李家超市旁，赵大娘水饺店门口，陈师傅修理铺",
    "温度-12.5度，10:00-12:00停电，3-5人，1/2以上",
)


def _mobile(chance: random.Random) -> str:
    return f"1{chance.choice('3456789')}{_digits(chance, 9)}"


def _landline(chance: random.Random) -> str:
    area = chance.choice(("010", "021", "0571", "0912", "0755"))
    return f"{area}-{chance.choice('2345678')}{_digits(chance, 7)}"


def _identity(chance: random.Random) -> str:
    head = f"{chance.choice(('110105', '330106', '510104', '650102'))}{chance.randint(1940, 2015)}"
    head += f"{chance.randint(1, 12):02d}{chance.randint(1, 28):02d}{_digits(chance, 3)}"
    total = sum(int(sign) * weight for sign, weight in zip(head, _WEIGHTS, strict=True))
    return head + "10X98765432"[total % 11]


def _card(chance: random.Random) -> str:
    head = chance.choice(("622202", "621700", "436742", "955880")) + _digits(
        chance, chance.choice((9, 12))
    )
    total = 0
    for place, sign in enumerate(reversed(head)):
        value = int(sign) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return head + str(-total % 10)


def _plate(chance: random.Random) -> str:
    head = chance.choice("京浙沪陕新粤") + chance.choice(_ALPHABET)
    return head + chance.choice(
        (
            *(_digits(chance, 5), f"D{_digits(chance, 5)}", f"K{_digits(chance, 4)}"),
            *(f"{_digits(chance, 4)}{sign}" for sign in ("警", "学", "挂", "临", "试", "应急")),
        )
    )


def _digits(chance: random.Random, most: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(most))


def _plain(number: str) -> str:
    return number


def _wide(number: str) -> str:
    return number.translate(_WIDE)


def _grouped(number: str, gap: str) -> str:
    bare = number.replace("-", "")
    return gap.join(filter(None, (bare[:3], bare[3:7], bare[7:11], bare[11:15], bare[15:])))


def _spaced(number: str) -> str:
    return _grouped(number, " ")


def _dashed(number: str) -> str:
    return _grouped(number, "-")


def _dotted(number: str) -> str:
    return _grouped(number, "·")


def _broken(number: str) -> str:
    return _grouped(number, "\n")


def _invisible(number: str) -> str:
    return _grouped(number, "\u200b")


def _chinese(number: str) -> str:
    return number.translate(_SPOKEN if len(number) == 11 else _WRITTEN)


def _radio(number: str) -> str:
    return number.translate(_RADIO)


def _circled(number: str) -> str:
    return number.translate(_CIRCLED)


def _bold(number: str) -> str:
    return number.translate(_BOLD)


def _keycaps(number: str) -> str:
    return "".join(f"{sign}\ufe0f\u20e3" if sign.isdecimal() else sign for sign in number)


def _called(name: str) -> dict[str, str]:
    double = name[:2] in ("欧阳", "司马", "诸葛")
    surname = name[: 2 if double else 1]
    said = {
        "whole": name,
        "spaced": " ".join(name),
        "wide space": "\u3000".join(name),
        "dotted": "·".join(name),
        "broken": f"{name[0]}\n{name[1:]}",
        "invisible": "\u200b".join(name),
        "with 先生": f"{name}先生",
    }
    if len(name) <= 4:
        said |= {
            "surname 先生": f"{surname}先生",
            "surname 女士": f"{surname}女士",
            "surname 师傅": f"{surname} 师傅",
            "surname 某": f"{surname}某某",
            "老 surname": f"老{surname}",
            "Mr. surname": f"Mr. {surname}",
        }
        said |= {f"surname {called}": f"{surname}{called}" for called in CALLED}
    return said
