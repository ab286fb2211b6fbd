"""What the holder and the teams see of a report, and what a protected caller keeps from them."""

import dataclasses
from typing import Any

import pytest
from msgspec.structs import replace

from backbone.postgres.sealing import Sealer
from backbone.process.keyring import Keyring
from backbone.words.actor import Actor
from backbone.words.followed import FollowIncident as Step
from liandong.alarm.v1 import alarm_service_pb2 as pb
from services.alarm import callers, codec
from services.alarm.receipt.dispatch import DispatchNow, RefuseDispatch, order_of
from services.alarm.receipt.ending import ReceiptOpened
from services.alarm.receipt.linking import FollowIncident, UnlinkRepeat
from services.alarm.receipt.passing import PassTo12345
from services.alarm.receipt.record import WITHHELD, Caller, Receipt
from services.alarm.receipt.reveal import RevealCaller
from services.alarm.receipt.rights import may_be_told, require_may_see
from services.alarm.receipt.suggested import RepeatSuggestion
from tests.cities import NORTH
from tests.desks import AUDITOR, STRANGER, TAKER, a_report
from tests.life_cycles import reason_of
from tests.unit.alarm.receipts import (
    CITY,
    CODE,
    ID,
    LINK,
    LINKED,
    OPEN,
    OTHER,
    after,
    decide,
    refusal_of,
)

SEALER = Sealer(Keyring((bytes(32),)))
TOLD = "［报警人］说楼上打人"
HOLDER, COLLEAGUE = Actor("li", "north", "clerk", NORTH), Actor("wang", "north", "clerk", NORTH)
PROTECTED = Caller(number="v1.sealed", name="v1.sealed", protected=True)
HIDDEN = after(a_report(caller=PROTECTED, narrative="王小明说楼上打人", discreet=TOLD))
OPENLY = after(a_report(narrative="王小明说楼上打人", discreet=TOLD))


def held(receipt: Receipt) -> Receipt:
    claimed = Step("IncidentClaimed", 4, state="CLAIMED", unit="north", holder="li")
    return after(OPEN, FollowIncident(ID, claimed), found=receipt)


def told_of(receipt: Receipt) -> list[str]:
    """The narrative in everything that leaves the desk."""
    [opened] = decide(receipt, OPEN)
    assert isinstance(opened, ReceiptOpened)
    order = order_of(receipt, DispatchNow(TAKER, "red"))
    ticket = codec.to_ticket(after(PassTo12345(TAKER, "12345"), found=receipt))
    sealer = Sealer(Keyring((b"k" * 32,)))
    bare = replace(receipt.report.caller, number="", name="")
    shown = replace(held(receipt), report=replace(receipt.report, caller=bare))
    seen = codec.shown_to(shown, CITY, sealer, HOLDER)
    return [opened.matter.narrative, order.narrative, ticket.narrative, seen.narrative]


@pytest.mark.parametrize("reader", [HOLDER, AUDITOR, TAKER], ids=lambda each: each.role)
def test_what_it_may_repeat_is_shown_to_the_desk_alone(reader: Actor) -> None:
    """The same number as in another report names its protected caller."""
    like = RepeatSuggestion(str(OTHER), CODE, str(OTHER), 0.9, ("SAME_NUMBER",))
    bare = replace(HIDDEN.report.caller, number="", name="")
    suggestions = replace(HIDDEN.suggestions, repeats=(like,))
    report = replace(HIDDEN.report, caller=bare)
    found = replace(held(HIDDEN), suggestions=suggestions, report=report)
    shown = codec.shown_to(found, CITY, Sealer(Keyring((b"k" * 32,))), reader)
    assert bool(shown.suggestions.repeats) is (reader.unit == found.unit)


def test_what_leaves_the_desk_does_not_name_a_protected_caller() -> None:
    assert set(told_of(HIDDEN)) == {TOLD}
    assert set(told_of(OPENLY)) == {"王小明说楼上打人"}
    older = replace(HIDDEN, report=replace(HIDDEN.report, discreet=None))
    assert set(told_of(older)) == {WITHHELD}


def test_the_name_is_looked_for_in_every_form() -> None:
    facts = pb.CallerFacts(number="138 0000 1234", name="王小明")
    assert callers.discreet("王 小明说，打13800001234", [facts]) == "［报警人］说，打［号码］"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "孙先生很急，孙女士，孙阿姨，小孙都在",
            "［报警人］很急，［报警人］，［报警人］，［报警人］都在",
        ),
        ("孙八先生在门口，老孙头没事", "［报警人］在门口，［报警人］头没事"),
        ("李先生在孙家村，小孙路口堵车，子孙满堂", "李先生在孙家村，小孙路口堵车，子孙满堂"),
    ],
)
def test_forms_of_address_of_a_protected_caller_do_not_leave_the_desk(text: str, told: str) -> None:
    assert callers.discreet(text, [pb.CallerFacts(name="孙八")]) == told
    assert callers.discreet("孙先生报警", [pb.CallerFacts(name="李四")]) == "孙先生报警"


CALLED = {
    "欧阳小凤": (
        "欧阳小凤", "小凤", "欧阳女士", "欧阳", "小凤姐", "凤姐", "欧阳大姐", "阿凤", "老欧阳",
        "欧 阳 小 凤", "歐陽小鳳", "欧阳某凤", "欧阳-小凤", "姓欧阳的",
    ),
    "王建国": (
        "建国", "老王", "王师傅", "王大爷", "小王", "王总", "王 建国", "王、建国", "王老师", "王某",
        "建国同志", "王姓男子", "姓王的", "王某某", "王先生", "王建国先生", "王建國", "建国哥",
        "王工", "王警官", "王某国",
    ),
    "张伟": ("张伟", "張偉", "阿伟", "小伟", "伟哥", "张姓女子", "张工", "姓张的"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "typed"), [(n, each) for n, way in CALLED.items() for each in way]
)
def test_a_protected_caller_is_named_in_no_way(name: str, typed: str) -> None:
    caller = pb.CallerFacts(name=name, number="13812349876")
    assert (
        callers.discreet(f"请回复{typed}，尾号9876", [caller]) == "请回复［报警人］，尾号［号码］"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("王建国", "建国路王府井大街王工地国家队，大王村"),
        ("欧阳小凤", "小凤村欧阳路凤凰城，大姐报警"),
        ("李大", "大哥大姐都在，小大姐，一小时后到"),
        ("李时", "一小时后到"),
    ],
)
def test_other_words_stay(name: str, text: str) -> None:
    assert callers.discreet(text, [pb.CallerFacts(name=name)]) == text


def test_the_unit_that_has_the_incident_sees_the_report() -> None:
    receipt = held(HIDDEN)
    for who in (HOLDER, COLLEAGUE):
        require_may_see(receipt, who)
    assert reason_of(lambda: require_may_see(receipt, STRANGER)) == "NO_SUCH_RECEIPT"
    moved = Step("HandOffAccepted", 6, state="CLAIMED", unit="south", holder="chen")
    gone = after(FollowIncident(ID, moved), found=receipt)
    assert reason_of(lambda: require_may_see(gone, HOLDER)) == "NO_SUCH_RECEIPT"


def test_the_accused_does_not_see_it_even_where_it_got_there() -> None:
    strayed = held(after(a_report(against="north")))
    assert reason_of(lambda: require_may_see(strayed, HOLDER)) == "NO_SUCH_RECEIPT"


@pytest.mark.parametrize(
    ("receipt", "who", "reason"),
    [
        (held(OPENLY), HOLDER, ""),
        (held(OPENLY), COLLEAGUE, "MAY_NOT_REVEAL"),
        (held(HIDDEN), HOLDER, "CALLER_PROTECTED"),
        (held(HIDDEN), TAKER, ""),
    ],
)
def test_who_reaches_the_caller(receipt: Receipt, who: Actor, reason: str) -> None:
    asked: Any = RevealCaller(who, "联系报警人")
    if reason:
        assert refusal_of(receipt, asked).reason == reason
    else:
        assert decide(receipt, asked)


def test_once_it_is_resolved_the_holder_reveals_no_more() -> None:
    resolved = Step("IncidentResolved", 6, state="RESOLVED", reply="好")
    receipt = after(FollowIncident(ID, resolved), found=held(OPENLY))
    assert refusal_of(receipt, RevealCaller(HOLDER, "联系")).reason == "MAY_NOT_REVEAL"


@pytest.mark.parametrize(
    ("parts", "team", "told"),
    [
        ({"priority": "P1"}, "red", True),
        ({"priority": "P1"}, "blue", False),
        ({"priority": "P2"}, "red", False),
        ({"priority": "P1", "caller": PROTECTED}, "red", False),
        ({"priority": "P1", "against": "roads"}, "red", True),
        ({"priority": "P1", "against": "north"}, "red", False),
        ({"priority": "P1", "against": "county"}, "red", False),
    ],
)
def test_the_policy_gives_the_number_to_the_team_that_was_sent(
    parts: dict[str, Any], team: str, told: bool
) -> None:
    assert CITY.policy is not None
    city = dataclasses.replace(
        CITY, policy=dataclasses.replace(CITY.policy, caller_in_order=("P1",))
    )
    accused = parts.pop("against", "")
    sent = after(DispatchNow(TAKER, "red"), found=after(a_report(**parts)))
    sent = replace(sent, report=replace(sent.report, against=accused))
    assert may_be_told(sent, team, city) == told
    assert not may_be_told(sent, team, CITY)
    refused = after(RefuseDispatch("red", "UNKNOWN_TEAM"), found=sent)
    assert not may_be_told(refused, team, city)


def test_a_report_that_leaves_an_incident_goes_on_hiding_its_protected_callers() -> None:
    """A witness has named them: the unit, its team and all who read it later get them masked."""
    leave = UnlinkRepeat(TAKER, "不是一处", beside=("v1.ouyang",))
    alone = after(leave, found=LINKED)
    assert after(leave, found=after(LINK, found=alone)).named == alone.named, "once"
    assert alone.named[-1] == "v1.ouyang"
    unsealed = replace(alone, report=replace(alone.report, caller=Caller()))
    for who, named in ((HOLDER, ["v1.ouyang"]), (TAKER, [])):
        assert [*codec.shown_to(unsealed, CITY, SEALER, who).persons] == named
    opened = after(OPEN, found=alone)
    assert "v1.ouyang" in codec.to_matter(opened).persons
    order = order_of(alone, DispatchNow(TAKER, "red"))
    assert "v1.ouyang" in order.persons
