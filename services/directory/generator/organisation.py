"""Generates the units of each city, county, township and village."""

from typing import NamedTuple

from backbone.words.areas import Level, level_of, parent_of
from services.directory.generator.land import CITY, Land

# The ending of the unit's name, after the name of its area.
AT_CITY = {
    "government": "人民政府",
    "command": "公安局110指挥中心",
    "hotline": "12345便民热线",
    "police": "公安局",
    "justice": "司法局",
    "mediation": "矛盾纠纷调处中心",
    "medical_mediation": "医疗纠纷调解委员会",
    "labour_mediation": "劳动争议调解中心",
    "traffic_mediation": "交通事故调解中心",
    "petition_office": "信访局",
    "discipline": "纪委监委",
    "emergency": "应急管理局",
    "fire": "消防救援支队",
    "medical": "急救中心",
    "urban_management": "城市管理局",
    "human_resources": "人力资源和社会保障局",
    "housing": "住房和城乡建设局",
    "natural_resources": "自然资源局",
    "transport": "交通运输局",
    "education": "教育局",
    "health": "卫生健康委员会",
    "civil_affairs": "民政局",
    "ecology": "生态环境局",
    "market": "市场监督管理局",
    "agriculture": "农业农村局",
    "culture": "文化和旅游局",
    "court": "中级人民法院",
    "procuratorate": "人民检察院",
}
ONLY_AT_CITY = {"command", "hotline"}
COUNTY_NAMES = {"fire": "消防救援大队", "medical": "急救站", "court": "人民法院"}
AT_COUNTY = {
    kind: COUNTY_NAMES.get(kind, name) for kind, name in AT_CITY.items() if kind not in ONLY_AT_CITY
}
AT_TOWNSHIP = {
    "township": "人民政府",
    "police": "派出所",
    "justice": "司法所",
    "mediation": "矛盾纠纷调处中心",
    "emergency": "应急管理所",
    "market": "市场监管所",
    "urban_management": "综合行政执法队",
    "health": "卫生院",
}
# The kind of unit that the other units of an area report to.
TOP = {Level.CITY: "government", Level.COUNTY: "government", Level.TOWNSHIP: "township"}


class UnitRow(NamedTuple):
    """A row of organisations.csv."""

    code: str
    name: str
    kind: str
    area: str
    parent: str


def make_units(land: Land) -> list[UnitRow]:
    """Return the units of every area, in the order of the areas."""
    return [
        UnitRow(f"{area}-{kind}", _unit_name(name, kind, end), kind, area, _parent(area, kind))
        for area, name in land.areas.items()
        for kind, end in _kinds(area, name).items()
    ]


def _kinds(area: str, name: str) -> dict[str, str]:
    match level_of(area):
        case Level.CITY:
            return AT_CITY
        case Level.COUNTY:
            return AT_COUNTY
        case Level.TOWNSHIP:
            return AT_TOWNSHIP
        case _:
            return {"village": "居民委员会" if name.endswith("社区") else "村民委员会"}


def _unit_name(area_name: str, kind: str, end: str) -> str:
    if kind == "township" and area_name.endswith("街道"):
        return f"{area_name}办事处"
    if kind == "village":
        return area_name.removesuffix("村").removesuffix("社区") + end
    if kind == "police" and area_name.endswith("区"):
        return f"{area_name}公安分局"
    return area_name + end


def _parent(area: str, kind: str) -> str:
    """For stations the unit of the same kind one level up, else the government of the area."""
    level, above = level_of(area), parent_of(area)
    if area == CITY:
        return "" if kind == "government" else f"{CITY}-government"
    if level is Level.VILLAGE:
        return f"{above}-township"
    if kind == TOP[level]:
        return f"{above}-government"
    return f"{above}-{kind}" if level is Level.TOWNSHIP else f"{area}-government"
