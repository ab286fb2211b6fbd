"""Clocks 时限, in minutes: what starts and stops them, and what follows when they run out."""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import CLOCK, Actor
from backbone.words.city import City, Policy
from backbone.words.errors import InvalidTransition
from services.workflow.incident.record import Due, Incident, Offer

SIGN_IN = "SIGN_IN"  # 签收: a unit claims what it was offered
CLAIM_IDLE = "CLAIM_IDLE"  # a claim shows progress
HAND_OFF_ANSWER = "HAND_OFF_ANSWER"  # 转办答复
RETURN_ANSWER = "RETURN_ANSWER"  # 退回答复

DEFAULT_PRIORITY = "P3"


class Lapse(Struct, frozen=True):
    """The earliest clock ran out."""

    by: Actor = CLOCK


class SignInLapsed(Struct, frozen=True):
    """Nobody of the unit claimed in time: the desk is told, the offer stands (I1)."""

    time: datetime


class ClaimLapsed(Struct, frozen=True):
    """An idle claim falls back into the pool, and its sign-in clock starts again."""

    time: datetime
    due_time: datetime
    minutes: int


class HandOffLapsed(Struct, frozen=True):
    """Silence never means acceptance: the common superior decides."""

    time: datetime
    raised_to: str


class ReturnLapsed(Struct, frozen=True):
    time: datetime
    raised_to: str


Event = SignInLapsed | ClaimLapsed | HandOffLapsed | ReturnLapsed


def start(found: Incident, due: Due) -> Incident:
    return replace(found, due=(*stop(found, due.clock).due, due))


def stop(found: Incident, *clocks: str) -> Incident:
    return replace(found, due=tuple(due for due in found.due if due.clock not in clocks))


def stop_all(found: Incident) -> Incident:
    return replace(found, due=())


def after(now: datetime, minutes: int) -> datetime:
    return now + timedelta(minutes=minutes)


def next_due(found: Incident) -> Due | None:
    """The clock that runs out first, of those that have not run out.

    While another unit is asked, a claim waits for its answer: it is not idle.
    """
    running = [due for due in found.due if due.lapse_time is None]
    if found.hand_off or found.pending_return:
        running = [due for due in running if due.clock != CLAIM_IDLE]
    return min(running, key=lambda due: due.due_time, default=None)


def sign_in_minutes(found: Incident, policy: Policy) -> int:
    return policy.sign_in_minutes.get(found.priority, policy.sign_in_minutes[DEFAULT_PRIORITY])


def lapse(found: Incident, now: datetime, city: City) -> Event:
    """What the earliest clock brings about. Raises InvalidTransition when none is due."""
    due = next_due(found)
    if due is None or now < due.due_time:
        raise InvalidTransition("NOT_DUE", due=due.due_time if due else "")
    match due.clock:
        case "SIGN_IN":
            return SignInLapsed(now)
        case "CLAIM_IDLE":
            minutes = sign_in_minutes(found, require_policy(city))
            return ClaimLapsed(now, after(now, minutes), minutes)
        case "HAND_OFF_ANSWER":
            return HandOffLapsed(now, superior(found, found.hand_off, city))
        case _:
            return ReturnLapsed(now, superior(found, found.pending_return, city))


def superior(found: Incident, question: Offer | None, city: City) -> str:
    """Who decides between two units; without a common superior the desk calls the meeting.

    So it does where the superior is itself accused, or below the accused.
    """
    assert question is not None, "there is nothing to decide before somebody has asked"
    common = city.common_superior(question.from_unit, question.to_unit)
    if common is None or (found.against and city.belongs_to(common, found.against)):
        return found.desk
    return common


def bounced_to(found: Incident, question: Offer | None, city: City) -> str:
    """Who designates once this bounce reaches the cap, because nobody may hand it off any more."""
    if found.bounces + 1 < require_policy(city).bounce_cap:
        return ""
    return superior(found, question, city)


def require_policy(city: City) -> Policy:
    assert city.policy is not None, "workflow asks the directory for the policy"
    return city.policy


def mark_lapsed(found: Incident, clock: str, time: datetime) -> Incident:
    due = tuple(
        replace(each, lapse_time=time) if each.clock == clock else each for each in found.due
    )
    return replace(found, due=due)


def raised(offer: Offer | None, to: str) -> Offer:
    assert offer is not None, "only an open question can lapse"
    return replace(offer, raised_to=to)
