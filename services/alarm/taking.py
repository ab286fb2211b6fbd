"""Adds to a report while it is taken down: grid, code, seal and suggestions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.door.rows import RowsOf
from backbone.postgres.numbers import Numbers, today
from backbone.postgres.pool import Pool
from backbone.postgres.sealing import Sealer
from backbone.process import clock
from backbone.rpc.caller import Call
from backbone.wire import to_record
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.heard import together
from backbone.words.matter_code import Intake, mint
from backbone.words.place import Place
from backbone.words.texts import shows_nothing
from liandong.alarm.v1.alarm_service_pb2 import CallerFacts
from services.alarm import callers
from services.alarm.atlas import Atlas
from services.alarm.metrics import SUGGESTED
from services.alarm.receipt.amending import AmendReceipt, CallerChange
from services.alarm.receipt.intake import ReceiveAlarm
from services.alarm.receipt.record import Caller, Receipt, Report
from services.alarm.receipt.suggested import DangerSuggestion, Suggestions
from services.alarm.receipt.suggestions import Sighting, Window, categories
from services.alarm.repeating import repeats_of

USUAL = Window(timedelta(minutes=60), metres=500, most=3)


class Taking:
    """Makes commands of what a desk heard; reads, but changes nothing."""

    def __init__(self, pool: Pool, rows: RowsOf, atlas: Atlas, sealer: Sealer) -> None:
        self._rows = rows
        self._atlas = atlas
        self._sealer = sealer
        self._numbers = Numbers(pool)

    async def received(self, request: Any, call: Call, receipt_id: UUID) -> ReceiveAlarm:
        caller = callers.seal(request.caller, self._sealer, self._atlas.dialling_code)
        place = self._place(request)
        day = today()
        area = place.area or call.actor.area
        taken = to_record(
            request,
            ReceiveAlarm,
            by=call.actor,
            id=receipt_id,
            code=mint(area, day, Intake.ALARM, await self._numbers.serial(day)),
            caller=caller,
            place=place,
            address=self._atlas.address_of(place.text),
            suggestions=Suggestions(),
            discreet=self._discreetly(request.narrative, [request.caller]),
        )
        return replace(taken, suggestions=await self._suggest(taken))

    def amended(self, request: Any, by: Actor, known: Receipt | None) -> AmendReceipt:
        """`known` is the receipt as it stands, None if there is none."""
        told, code = request.HasField("caller"), self._atlas.dialling_code
        before = known.report.caller if known else Caller()
        caller = callers.seal_change(request.caller, self._sealer, code, before) if told else None
        if caller and known and caller != CallerChange():
            caller = self._kept(caller, request.caller, known.report.caller)
        place = self._place(request) if request.HasField("place") else None
        danger = self._heard(request, known.report) if known else None
        address = self._atlas.address_of(place.text) if place and place.text else None
        said = self._discreet(request, known.report) if known else None
        more = {
            "discreet": said,
            "caller": caller,
            "place": place,
            "address": address,
            "heard": danger,
        }
        return to_record(request, AmendReceipt, by=by, **more)

    def _kept(self, change: CallerChange, said: CallerFacts, known: Caller) -> CallerChange:
        """The change with what texts must not show of a caller who is protected after it."""
        protected = known.protected if change.protected is None else change.protected
        called = known.called if change.called is None else change.called
        earlier = callers.unseal(known, self._sealer)
        kept = callers.kept_of(called, [said, earlier], self._sealer, protected)
        return replace(change, called=kept)

    def _heard(self, request: Any, known: Report) -> DangerSuggestion | None:
        """The danger that narrative and danger speak of after the amendment."""
        said = (
            getattr(request if request.HasField(name) else known, name)
            for name in ("narrative", "danger")
        )
        return self._atlas.danger_in(*said)

    def _discreet(self, request: Any, known: Report) -> str | None:
        """The discreet narrative where narrative or caller change; earlier callers count too."""
        if not request.HasField("caller") and not request.HasField("narrative"):
            return None
        narrative = request.narrative if request.HasField("narrative") else known.narrative
        earlier = callers.unseal(known.caller, self._sealer)
        return self._discreetly(narrative, [request.caller, earlier])

    def note(self, note: str, known: Receipt | None) -> str:
        """A note that leaves the desk, without the name and numbers of a protected caller."""
        if not note or known is None or not known.report.caller.protected:
            return note
        return self._discreetly(note, [callers.unseal(known.report.caller, self._sealer)])

    def _discreetly(self, text: str, told: Sequence[CallerFacts]) -> str:
        """The text without these callers; what else is sealed in it is sealed again."""
        spans = self._sealer.spans
        if spans is None:
            return callers.discreet(text, told)
        return spans.seal(callers.discreet(spans.open(text), told), callers.names_of_facts(told))

    def _place(self, request: Any) -> Place:
        said = to_record(request.place, Place)
        text = "" if shows_nothing(said.text) else said.text
        return self._atlas.locate(replace(said, text=text))

    async def _suggest(self, taken: ReceiveAlarm) -> Suggestions:
        dangers = self._atlas.dangers_in(taken.narrative, taken.danger)
        classes = categories(taken.narrative, self._atlas.keywords, dangers)
        seen = Sighting(
            time=clock.now(),
            place=taken.place,
            category=taken.category or (classes[0].category if classes else ""),
            narrative=taken.narrative,
            number_index=taken.caller.number_index,
            line_index=taken.caller.line_index,
            further=taken.caller.further,
            further_lines=taken.caller.further_lines,
            address=taken.address,
        )
        found = await repeats_of(self._rows, taken, seen, window_of(self._atlas.city))
        SUGGESTED.labels("repeat" if found else "none").inc()
        return Suggestions(classes, found, together(dangers))


def window_of(city: City) -> Window:
    policy = city.policy
    if policy is None:
        return USUAL
    span = timedelta(minutes=policy.repeat_minutes)
    return Window(span, policy.repeat_metres, policy.suggestions)
