"""Teams for a receipt or its incident: shown to the desk, or sent where the city says so."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.followed import MERGED, SETTLED
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from liandong.emergency.v1 import emergency_pb2 as emergency
from services.alarm import codec
from services.alarm.linkage import Found, Linkage, recommendations
from services.alarm.receipt.dispatch import DispatchNow
from services.alarm.receipt.record import Receipt, State
from services.alarm.receipt.suggested import DangerSuggestion, Suggestions
from services.alarm.telling import Told

DISPATCH = DispatchNow.__name__
# The matter goes on elsewhere, or is handled: the inbox asks for no team either.
HANDLED = (*SETTLED, MERGED)


class Fetching:
    """Recommends and sends; `show` shows a receipt to a reader."""

    def __init__(
        self,
        linkage: Linkage,
        told: Told,
        show: Callable[[Receipt, Actor], resources.Receipt],
    ) -> None:
        self._linkage, self._told, self._show = linkage, told, show

    async def recommended(self, receipt: Receipt, by: Actor) -> Found:
        """The teams for a receipt that is being opened, beside those that it has sent."""
        return await self._linkage.recommend(receipt, by)

    async def fetch(
        self,
        shown: resources.Receipt,
        receipt: Receipt,
        found: Found,
        by: Actor,
        **facts: Any,
    ) -> None:
        """Recommend the teams, and send the best one where the city says so."""
        sent = await self._linkage.send(receipt, found, by, facts)
        if sent:
            del shown.dispatches[:]
            shown.dispatches.extend(self._show(sent, by).dispatches)
        shown.recommended.extend(recommendations(found))

    async def anew(self, shown: resources.Receipt, receipt: Receipt, by: Actor) -> None:
        """The same for one that may have become urgent only now, unless a team is under way."""
        back = receipt.state is State.RECEIVED and receipt.ending is None
        if receipt.incident is None and not back:
            return
        found = await self._linkage.anew(receipt, by)
        facts = await self._told.facts(receipt, by) if found.teams else {}
        await self.fetch(shown, receipt, found, by, **facts)

    async def for_incident(
        self, request: pb.FetchTeamsRequest, by: Actor
    ) -> list[emergency.RecommendedTeam]:
        """The teams for the incident that a receipt has opened, as it stands now."""
        receipt = await self._told.found(codec.receipt_id(request.receipt_id))
        if receipt is None or receipt.incident is None:
            return []
        heard = await self._told.heard(receipt.id)
        urgent = _as_urgent(receipt, request.category, request.priority, heard)
        found = await self._linkage.anew(urgent, by)
        facts = await self._told.facts(receipt, by) if found.teams else {}
        await self._linkage.send(urgent, found, by, facts)
        return recommendations(found)

    async def look(self, shown: resources.Receipt, by: Actor) -> None:
        """Recommend teams to a reader who may send them, while the incident goes on without one: by
        what all its reports tell, as one of the others may have made it urgent."""
        incident = shown.incident
        if not incident.id or incident.state in HANDLED or DISPATCH not in shown.actions:
            return
        receipt = await self._told.found(UUID(shown.id))
        if receipt is not None:
            heard = await self._told.heard(receipt.id)
            priority = incident.priority or shown.priority
            urgent = _as_urgent(receipt, shown.category, priority, heard)
            found = await self._linkage.anew(urgent, by)
            shown.recommended.extend(recommendations(found))


def _as_urgent(
    receipt: Receipt, category: str, priority: str, heard: DangerSuggestion | None
) -> Receipt:
    """The receipt with class and priority of its incident, which may have been set there alone, and
    the dangers of all its reports."""
    given = replace(receipt.classification, category=category, priority=priority)
    known = receipt.suggestions
    told = Suggestions(known.category, known.repeats, heard or known.danger)
    return replace(receipt, classification=given, suggestions=told)
