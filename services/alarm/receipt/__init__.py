"""The receipt's life cycle in one table; the use cases beside it say what each move means."""

from datetime import datetime

from msgspec.structs import replace

from backbone.words.city import City
from backbone.words.errors import InvalidTransition, NotFound
from backbone.words.followed import IncidentFollowed
from services.alarm.receipt import closing, ending, intake, linkage
from services.alarm.receipt.closing import (
    CloseReceipt,
    ReceiptClosed,
    RepeatUnlinked,
    UnlinkRepeat,
)
from services.alarm.receipt.ending import (
    AnswerAtDesk,
    LinkRepeat,
    MarkInvalid,
    OpenIncident,
    PassTo12345,
    ReferToMediation,
)
from services.alarm.receipt.intake import (
    AmendReceipt,
    ClassConfirmed,
    ClassifyReceipt,
    ConfirmClass,
    ReceiptAmended,
    ReceiptClassified,
    ReceiptReceived,
    ReceiveAlarm,
)
from services.alarm.receipt.linkage import (
    AlarmRevealed,
    CallBackRecorded,
    DispatchNow,
    DispatchOrdered,
    DispatchRefused,
    FollowIncident,
    RecordCallBack,
    RefuseDispatch,
    RevealCaller,
)
from services.alarm.receipt.record import Receipt, State
from services.alarm.receipt.rights import require_may_work

Move = intake.Command | ending.Command | closing.Command | linkage.Command
Command = ReceiveAlarm | Move
Event = ReceiptReceived | intake.Event | ending.Event | closing.Event | linkage.Event

ANY = frozenset(State)
OPEN = frozenset({State.RECEIVED})
OVER = frozenset({State.ENDED, State.CLOSED})

ALLOWED_FROM: dict[type[Move], frozenset[State]] = {
    AmendReceipt: frozenset({State.RECEIVED, State.ENDED}),
    ClassifyReceipt: OPEN,
    ConfirmClass: OVER,
    OpenIncident: OPEN,
    LinkRepeat: OPEN,
    AnswerAtDesk: OPEN,
    PassTo12345: OPEN,
    ReferToMediation: OPEN,
    MarkInvalid: OPEN,
    UnlinkRepeat: OVER,
    CloseReceipt: frozenset({State.ENDED}),
    DispatchNow: frozenset({State.RECEIVED, State.ENDED}),
    RefuseDispatch: ANY,
    RecordCallBack: ANY,
    FollowIncident: ANY,
    RevealCaller: ANY,
}


def decide(receipt: Receipt | None, command: Command, now: datetime, city: City) -> list[Event]:
    """Return the events that the command causes, or raise a Refusal.

    `city` is the city of this moment: units, categories, teams and areas that may be named.
    """
    if isinstance(command, ReceiveAlarm):
        if receipt is not None:
            raise InvalidTransition("ALREADY_RECEIVED", code=receipt.code)
        return [*intake.receive(command, now, city)]
    if receipt is None:
        raise NotFound("NO_SUCH_RECEIPT")
    _require_right(receipt, command)
    _require_allowed(receipt, command)
    return _moved(receipt, command, now, city)


def _require_right(receipt: Receipt, command: Move) -> None:
    """The news of incidents and orders come from inside; a disclosure has a rule of its own."""
    if not isinstance(command, FollowIncident | RefuseDispatch | RevealCaller):
        require_may_work(receipt, command.by)


def _require_allowed(receipt: Receipt, command: Move) -> None:
    if receipt.state in ALLOWED_FROM[type(command)]:
        return
    if isinstance(command, ending.Command):
        ending.require_not_ended(receipt)
    if isinstance(command, CloseReceipt) and receipt.state is State.RECEIVED:
        raise InvalidTransition("NOT_ENDED")
    raise InvalidTransition(
        "INVALID_TRANSITION", command=type(command).__name__, state=receipt.state
    )


def _moved(  # noqa: C901  # one arm a command
    receipt: Receipt, command: Move, now: datetime, city: City
) -> list[Event]:
    match command:
        case AmendReceipt():
            return [*intake.amend(command, now, city)]
        case ClassifyReceipt():
            return [*intake.classify(receipt, command, now, city)]
        case ConfirmClass():
            return [*intake.confirm(command, now, city)]
        case UnlinkRepeat():
            return [*closing.unlink(receipt, command, now)]
        case CloseReceipt():
            return [*closing.close(receipt, now)]
        case DispatchNow():
            return [*linkage.dispatch(receipt, command, now, city)]
        case RefuseDispatch():
            return [*linkage.refuse(receipt, command, now)]
        case RecordCallBack():
            return [*linkage.call_back(receipt, command, now)]
        case FollowIncident():
            return [*linkage.follow(receipt, command, now)]
        case RevealCaller():
            return [*linkage.reveal(receipt, command, now)]
        case _:
            return [*ending.end(receipt, command, now, city)]


def evolve(receipt: Receipt | None, event: Event) -> Receipt:
    """Return the receipt after the event: the next version, at the event's time."""
    after = _after(receipt, event)
    return replace(after, version=after.version + 1, time=event.time)


def _after(receipt: Receipt | None, event: Event) -> Receipt:
    if isinstance(event, ReceiptReceived):
        return intake.received(event)
    assert receipt is not None, "every event but the first has a receipt"
    match event:
        case ReceiptAmended() | ReceiptClassified() | ClassConfirmed():
            return intake.evolve(receipt, event)
        case (
            DispatchOrdered()
            | DispatchRefused()
            | CallBackRecorded()
            | IncidentFollowed()
            | AlarmRevealed()
        ):
            return linkage.evolve(receipt, event)
        case RepeatUnlinked() | ReceiptClosed():
            return closing.evolve(receipt, event)
        case _:
            return ending.evolve(receipt, event)
