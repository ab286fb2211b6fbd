"""A care case, the commands of its people, and what comes of them, for the tests of care."""

import dataclasses
from datetime import datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from backbone.words.actor import Actor
from backbone.words.city import Person as Known
from backbone.words.errors import Refusal
from backbone.words.followed import FollowIncident
from services.population.care_case import CARE_CASES
from services.population.care_case.ending import EndCareCase, SealCareCase
from services.population.care_case.forgetting import ForgetPerson
from services.population.care_case.handover import EntrustCareCase, ReceiveCareCase, SetCareClass
from services.population.care_case.needs import FollowService, RecordServiceResult, RequestService
from services.population.care_case.record import (
    Activity,
    Admission,
    CareCase,
    CareClass,
    Office,
    Person,
    Programme,
)
from services.population.care_case.registering import RegisterCareCase
from services.population.care_case.visits import PlanVisit, RecordVisit
from tests.cities import COUNTY, NORTH, NOW, a_city

DAY = timedelta(days=1)
WORKERS = {
    user: Known(user, user, unit, roles, "", demo=False)
    for user, unit, roles in (
        ("li", "north", ("care_worker",)),
        ("wang", "north", ("care_worker", "clerk")),
        ("zhou", "north", ("clerk",)),
        ("chen", "south", ("care_worker",)),
    )
}
decide, evolve = CARE_CASES.decide, CARE_CASES.evolve
CITY = dataclasses.replace(a_city(), people=WORKERS)
ID, VISIT, NEED = UUID(int=7), UUID(int=8), UUID(int=9)
SENDER = Actor("qian", "county", "clerk", COUNTY)
HEAD = Actor("sun", "north", "head", NORTH)
LI, WANG = Actor("li", "north", "care_worker", NORTH), Actor("wang", "north", "care_worker", NORTH)


def a_registration(**parts: object) -> RegisterCareCase:
    given: dict[str, object] = {
        "programme": Programme.COMMUNITY_CORRECTION,
        "legal_basis": "某法院执行通知书1号",
        "person": Person("sealed name", "sealed number", "sealed contact"),
        "hand_over_due_time": None,
        "term_end_time": NOW + 100 * DAY,
        **parts,
    }
    to_unit = str(given.pop("to_unit", "north"))
    admission = Admission(**given)  # type: ignore[arg-type]
    return RegisterCareCase(SENDER, ID, "990101260101-300001-0", to_unit, admission)


def after(*commands: Any, found: CareCase | None = None, now: datetime = NOW) -> CareCase:
    for command in commands:
        found = reduce(evolve, decide(found, command, now, CITY), found)
    assert found is not None
    return found


def refusal_of(found: CareCase | None, command: Any, now: datetime = NOW) -> str:
    with pytest.raises(Refusal) as caught:
        decide(found, command, now, CITY)
    return caught.value.reason


REGISTER, RECEIVE = a_registration(), ReceiveCareCase(HEAD, ("li",))
CLASS = SetCareClass(LI, CareClass.GREEN, Office.OFFICER, "某司法所所长", "评估表1号")
PLAN = PlanVisit(LI, VISIT, Activity.FAMILY_VISIT, NOW + 7 * DAY)
NEEDS = RequestService(LI, NEED, "990101260101-300002-0", "", "需要就业培训信息", "")
RECORD, RESULT = RecordVisit(LI, str(VISIT), "sealed"), RecordServiceResult(LI, str(NEED), "")
END, SEAL = EndCareCase(HEAD, "提前解除决定书"), SealCareCase(HEAD)
FORGET = ForgetPerson(HEAD, "保存期满，依申请销毁")
ENTRUST_WANG = EntrustCareCase(HEAD, ("wang",))
DONE = FollowService(
    NEED, FollowIncident("IncidentResolved", 5, state="RESOLVED", outcome="SOLVED", reply="已推荐")
)
SENT = after(REGISTER)
RECEIVED = after(RECEIVE, found=SENT)
ACTIVE = after(PLAN, NEEDS, DONE, found=RECEIVED)
ENDED, SEALED = after(END, found=ACTIVE), after(END, SEAL, found=ACTIVE)
MIGRANT = after(a_registration(programme=Programme.MIGRANT_SERVICE), RECEIVE)
