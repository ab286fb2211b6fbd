"""Generates natural-sounding, fictional names of places and people."""

from random import Random

COUNTIES = (
    "青岚区",
    "望川县",
    "澄河县",
    "临岭县",
    "玉屏县",
    "安溪县",
    "南塬县",
    "石川县",
    "归云县",
)
FIRST = "石柳龙清东双杨河金松兰梅桃凤云太永安长新和福红沙枫竹苇荷"
SECOND = "桥岭泉湾坪塬沟林台庄源溪滩渡坡堡塘峪"
FAMILIES = (
    "王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
    "彭曾肖田董潘袁蔡蒋余杜叶程魏苏吕丁任沈"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰文建国志红"
    "梅鹏飞雪宁晨欣怡浩宇轩博瑞雨佳慧琳云海山川林峰"
)
EXAMPLE_TOWNSHIP = "青山镇"


class Names:
    """Gives names that do not repeat where they could be confused."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._townships = self._pool()
        self._villages: dict[str, list[str]] = {}

    def county(self, number: int) -> str:
        return COUNTIES[number - 1] if number <= len(COUNTIES) else f"云川第{number}县"

    def township(self, code: str) -> str:
        """A name for the township; the first one is the township of the examples."""
        if code.endswith("01001"):
            return EXAMPLE_TOWNSHIP
        end = self._random.choices(("镇", "街道", "乡"), (6, 3, 1))[0]
        return self._next(self._townships) + end

    def village(self, code: str) -> str:
        """A name for the village, unique inside its township."""
        pool = self._villages.setdefault(code[:9], self._pool())
        return self._next(pool) + self._random.choices(("村", "社区"), (3, 1))[0]

    def person(self) -> str:
        given = self._random.choices(GIVEN, k=self._random.choices((1, 2), (1, 3))[0])
        return self._random.choice(FAMILIES) + "".join(given)

    def _next(self, pool: list[str]) -> str:
        if not pool:  # the pool is used up: continue with longer names
            pool.extend(start + name for start in FIRST for name in self._pool())
        return pool.pop()

    def _pool(self) -> list[str]:
        pool = [first + second for first in FIRST for second in SECOND]
        self._random.shuffle(pool)
        return pool
