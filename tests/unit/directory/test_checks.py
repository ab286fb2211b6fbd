"""Each mistake that would hurt later is found in a pack that can be read."""

from pathlib import Path

import pytest

from backbone.words.roles import SUPERIORS
from services.directory.checks import check, examine
from services.directory.files import read_folder
from services.directory.pack import parse

DEMO = Path("deploy/city/demo")


def findings_of(file: str, old: str, new: str) -> dict[str, str]:
    """Change one text of the demo city and return place by reason."""
    files = read_folder(DEMO)
    text = files[file].decode()
    assert old in text
    files[file] = text.replace(old, new, 1).encode()
    return {finding.reason: str(finding.spot) for finding in check(parse(files))}


def test_the_demo_city_has_no_flaw() -> None:
    pack, findings = examine(DEMO)
    assert pack is not None
    assert findings == []


STATION = "990101001-police,青山镇派出所,police,990101001,990101-police"


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (STATION.replace("990101-police", "990101-nobody"), "UNIT_PARENT_MISSING"),
        (STATION.replace(",990101-police", ",990101001-police"), "UNIT_CYCLE"),
        (STATION.replace(",990101001,", ",990109001,"), "UNIT_AREA_MISSING"),
        (STATION.replace(",police,", ",sheriff,"), "UNIT_KIND_UNKNOWN"),
        (STATION.replace("990101001-police,", "990101001-station,"), "UNIT_CODE_WRONG"),
    ],
)
def test_a_unit_out_of_the_tree_is_found(new: str, reason: str) -> None:
    assert reason in findings_of("organisations.csv", STATION, new)


def test_a_circle_of_two_is_found_from_below_too() -> None:
    old = "990101-police,青岚区公安分局,police,990101,990101-government"
    found = findings_of("organisations.csv", old, old.replace("990101-government", STATION[:16]))
    assert "UNIT_CYCLE" in found


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("990101002,", "990109002,", "AREA_PARENT_MISSING"),
        ("990101002,", "9901010020,", "AREA_CODE_WRONG"),
        ("990100,云川市,云川\n", "", "AREA_MISSING"),
    ],
)
def test_an_area_out_of_the_tree_is_found(old: str, new: str, reason: str) -> None:
    assert reason in findings_of("areas.csv", old, new)


def test_a_grid_that_is_missing_leaves_a_gap() -> None:
    lines = (DEMO / "grids.geojson").read_text("utf-8").splitlines()
    gap = next(line for line in lines if '"990101001003003"' in line)
    assert findings_of("grids.geojson", f"{gap}\n", "")["GRID_GAP"] == "grids.geojson"


def test_a_grid_over_its_neighbour_is_found() -> None:
    lines = (DEMO / "grids.geojson").read_text("utf-8").splitlines()
    one, other = (
        next(line for line in lines if f'"{code}"' in line).partition('"coordinates":')[2]
        for code in ("990101001001001", "990101001001002")
    )
    found = findings_of("grids.geojson", one, other)
    assert found["GRID_OVERLAP"] == "grids.geojson:2"


def test_an_outline_that_crosses_itself_is_found() -> None:
    lines = (DEMO / "grids.geojson").read_text("utf-8").splitlines()
    rings = lines[1].partition('"coordinates":')[2]
    bow = "[[[108.7,34.1],[108.8,34.2],[108.8,34.1],[108.7,34.2],[108.7,34.1]]]}},"
    assert "GRID_INVALID" in findings_of("grids.geojson", rings, bow)


def test_a_village_without_grid_is_found() -> None:
    line = "990101001001,"
    found = findings_of("areas.csv", line, f"990101001999,新村,\n{line}")
    assert "VILLAGE_WITHOUT_GRID" in found


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("teams.csv", ",team_leader.990101001-emergency", ",", "TEAM_WITHOUT_LEADER"),
        ("teams.csv", "team_leader.990101001-e", "team_member.990101001-e", "TEAM_WITHOUT_LEADER"),
        ("staff.csv", ",operator,", ",clerk,", "ACCOUNT_DIFFERS"),
        ("staff.csv", "990101001-police,head", "990101001-nobody,head", "PERSON_UNIT_UNKNOWN"),
        ("staff.csv", "990101001-police,head", "990101001-police,king", "ROLE_UNKNOWN"),
        ("accounts.csv", "clerk.990101001-police", "nobody", "ACCOUNT_WITHOUT_PERSON"),
    ],
)
def test_wrong_staff_is_found(file: str, old: str, new: str, reason: str) -> None:
    assert reason in findings_of(file, old, new)


def test_a_role_that_nobody_holds_is_found() -> None:
    files = read_folder(DEMO)
    files["staff.csv"] = files["staff.csv"].replace(b",auditor,", b",clerk,")
    found = {finding.reason: finding.subject for finding in check(parse(files))}
    assert found["ROLE_WITHOUT_HOLDER"] == "auditor"


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("competences.csv", "fire,fire,fire,", "fire,theft,fire,", "CATEGORY_WITHOUT_OWNER"),
        ("competences.csv", "fire,fire,fire,", "fire,feier,fire,", "COMPETENCE_CATEGORY_UNKNOWN"),
        ("competences.csv", "fire,fire,fire,", "fire,fire,brigade,", "COMPETENCE_KIND_UNKNOWN"),
        ("competences.csv", "fire,fire,fire,,", "fire,fire,fire,990100-fire,", "COMPETENCE_AMBIG"),
        ("competences.csv", "fire,fire,fire,,", "fire,fire,,990188-fire,", "COMPETENCE_UNIT_UNKNO"),
        ("categories.csv", "traffic.jam,", "trafic.jam,", "CATEGORY_PARENT_MISSING"),
        ("categories.csv", "拥堵,P3", "拥堵,P9", "PRIORITY_UNKNOWN"),
        ("routes.yaml", "unit_kind: hotline", "unit_kind: coldline", "ROUTE_DEAD_END"),
        ("routes.yaml", "[channel]", "[chanel]", "ROUTE_CATEGORY_UNKNOWN"),
        ("routes.yaml", "code: county", "code: township", "DUPLICATE"),
        ("routes.yaml", "  target: COMPETENT", "  target: TRIAGE", "ROUTE_UNREACHABLE"),
        ("clocks.yaml", "P2: 15", "P2: 0", "CLOCK_NOT_POSITIVE"),
        ("clocks.yaml", "objection_window_minutes: 7200", "objection_window_minutes: 0", "CLOCK_N"),
        ("clocks.yaml", "CITIZEN: 1440", "CITIZEN: 0", "CLOCK_NOT_POSITIVE"),
        ("clocks.yaml", "supervision_most_days: 60", "supervision_most_days: 0", "CLOCK_NOT_POS"),
        ("clocks.yaml", "[10, 20, 40]", "[10, -1]", "CLOCK_NOT_POSITIVE"),
        ("clocks.yaml", "  P3: 60\n", "", "CLOCK_MISSING"),
        ("clocks.yaml", "  ALARM.P1: 15", "  ALARM.P9: 15", "CLOCK_KEY_UNKNOWN"),
        ("clocks.yaml", "  PETITION: 86400", "  PETITIONS: 86400", "CLOCK_KEY_UNKNOWN"),
        ("clocks.yaml", "  ALARM.P1: 15\n  ALARM.P2: 30", " {}", "CLOCK_MISSING"),
        ("clocks.yaml", "  ALARM.P2: 30", "  ALARM.P2: 0", "CLOCK_NOT_POSITIVE"),
    ],
)
def test_a_flow_that_cannot_work_is_found(file: str, old: str, new: str, reason: str) -> None:
    found = findings_of(file, old, new)
    assert any(each.startswith(reason) for each in found), found


def test_a_unit_that_gets_matters_but_has_nobody_to_claim_them_is_a_dead_end() -> None:
    files = read_folder(DEMO)
    people = files["staff.csv"].decode().splitlines(keepends=True)
    files["staff.csv"] = "".join(line for line in people if ",990101-ecology," not in line).encode()
    accounts = files["accounts.csv"].decode().splitlines(keepends=True)
    files["accounts.csv"] = "".join(
        line for line in accounts if ",990101-ecology," not in line
    ).encode()
    [finding] = check(parse(files))
    assert (finding.reason, finding.subject) == ("DEAD_END", "990101-ecology")


def test_a_unit_above_others_where_no_person_may_designate_is_found() -> None:
    """The next superior decides there, and the pack is told."""
    files = read_folder(DEMO)
    for name in ("staff.csv", "accounts.csv"):
        lines = files[name].decode().splitlines(keepends=True)
        files[name] = "".join(
            line for line in lines if not line.startswith("head.990101-market,")
        ).encode()
    [finding] = check(parse(files))
    assert (finding.reason, finding.subject) == ("NO_DECIDER", "990101-market")


def test_each_unit_that_a_question_can_be_raised_to_has_an_account_that_may_designate() -> None:
    pack = parse(read_folder(DEMO))
    units = pack.city.units
    deciding = {each.unit for each in pack.accounts.values() if each.role in SUPERIORS}
    below: dict[str, int] = {}
    for unit in units:
        for above in pack.city.superiors(unit):
            below[above] = below.get(above, 0) + 1
    raised_to = {unit for unit, count in below.items() if count > 1}
    assert len(raised_to) > 50
    assert raised_to <= deciding


def test_a_unit_beside_the_tree_is_unreachable() -> None:
    files = read_folder(DEMO)
    files["organisations.csv"] += "990100-court-x,另一法院,court,990100,\n".encode()
    [finding] = check(parse(files))
    assert (finding.reason, finding.subject) == ("UNIT_UNREACHABLE", "990100-court-x")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("categories.csv", "care.migrant,流动人口服务", "care.religion,流动人口服务"),
        ("categories.csv", "流动人口服务", "少数民族服务"),
        ("categories.csv", "流动人口服务", "宗教信仰人员"),
        ("categories.csv", "流动人口服务", "重点上访人员"),
        ("categories.csv", "居住证", "舆情言论"),
        ("categories.csv", "care.migrant,", "care.petitioners,"),
        ("categories.csv", "care.migrant,", "care.ethnic_minority,"),
        ("categories.csv", "care.migrant,", "care.opinion,"),
        ("city.yaml", "  village: 村居", "  village: 村居\n  belief: 事务"),
        ("teams.csv", "rescue;flood", "petitioner;flood"),
    ],
)
def test_no_pack_defines_anything_by_belief_ethnicity_opinion_or_petitioning(
    file: str, old: str, new: str
) -> None:
    assert "REFUSED_BY_LAW" in findings_of(file, old, new)


@pytest.mark.parametrize(
    ("file", "old", "new", "reason", "spot"),
    [
        ("city.yaml", "  hazmat: 危险化学品处置\n", "", "TERM_MISSING", "teams.csv:4"),
        ("teams.csv", "flood;rescue", "diving;rescue", "TERM_MISSING", "teams.csv:3"),
        ("categories.csv", ",hazmat;fire", ",foam;fire", "TERM_MISSING", "categories.csv:49"),
        ("city.yaml", "fire: 灭火", "fire: Fire", "TERM_NOT_CHINESE", "city.yaml"),
        ("city.yaml", "police: 公安", "police: Police", "TERM_NOT_CHINESE", "city.yaml"),
        (
            "city.yaml",
            "fire: 灭火",
            "fire: 灭火\n  潜水: 潜水救援",
            "TERM_NOT_ENGLISH",
            "city.yaml",
        ),
    ],
)
def test_every_kind_of_unit_and_every_skill_has_its_terms(
    file: str, old: str, new: str, reason: str, spot: str
) -> None:
    assert findings_of(file, old, new)[reason] == spot


def test_a_pack_from_before_there_were_terms_of_skills_is_loaded_and_told() -> None:
    files = read_folder(DEMO)
    text = files["city.yaml"].decode()
    skills = text[text.index("skills:") : text.index("# Counties and cities")]
    files["city.yaml"] = text.replace(skills, "").encode()
    [finding] = check(parse(files))
    assert (finding.reason, finding.subject, finding.is_error) == ("TERM_MISSING", "skills", False)
