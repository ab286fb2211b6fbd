"""Lets a receipt hear of its incident by a call, before the event tells it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any
from uuid import UUID, uuid5

from google.protobuf.message import DecodeError

from backbone.door.request import Request
from backbone.intake.teams import Teams
from backbone.rpc.caller import Call
from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition
from backbone.words.followed import MERGED, OVER, SAID
from backbone.words.followed import FollowIncident as Step
from backbone.words.sight import sees
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.incident.v1.incident_pb2 import Incident
from services.alarm import codec
from services.alarm.orders import Orders
from services.alarm.peers import GLANCE, PATIENCE
from services.alarm.receipt.linking import FollowIncident, UnlinkRepeat
from services.alarm.receipt.merging import FollowMerge
from services.alarm.receipt.record import Receipt
from services.alarm.telling import Told

# Why a receipt has left an incident that had ended before it was linked to it.
ENDED_BEFORE = "关联时事件已结束"
# What events of one incident ask of its receipts.
Follower = Callable[[Sequence[IncidentEvent]], Awaitable[Sequence[Request[Any]]]]


class Hearing:
    """Looks the incident up and records its last step on the receipt."""

    def __init__(self, told: Told, orders: Orders, teams: Teams, follower: Follower) -> None:
        self._follower = follower
        self._told = told
        self._orders = orders
        self._teams = teams
        self._going_on: set[asyncio.Task[None]] = set()

    async def hear(self, receipt_id: UUID, by: Actor, as_holder: bool = False) -> None:
        """Let the receipt hear that the caller's unit has its incident.

        A holder who wants to reach the caller waits for the answer: without it he is refused.
        """
        receipt = await self._told.found(receipt_id)
        if receipt is None or receipt.incident is None or by.unit == receipt.unit:
            return
        if as_holder or not sees(by, receipt.facts):
            patience = PATIENCE if as_holder else GLANCE
            found = await self._told.glance(receipt.incident.id, by, patience)
            if found is not None and found.unit == by.unit:
                await self._follow(receipt, found, by)

    async def require_open(
        self, receipt_id: UUID, call: Call, against: str, *, protects: bool = False
    ) -> None:
        """Raises INCIDENT_OVER if the incident has ended and the receipt has not heard of it yet.

        One that was merged goes on as another one: the receipt follows it there at once. A repeated
        request passes: its first answer is known. While workflow is away, the desk is not kept
        waiting: should the incident be over, the answer to the correction says so. An accusation of
        `against` alone may follow the end, but begins none inside another incident; so may what
        protects the caller alone.
        """
        receipt = await self._told.found(receipt_id)
        if receipt is None or receipt.incident is None or await self._told.is_known(call):
            return
        incident = await self._told.glance(receipt.incident.id, call.actor)
        state = codec.to_followed(incident).state if incident else ""
        if incident and state == MERGED and await self._move(receipt, incident, call.actor):
            return
        if against:
            if state == MERGED:
                raise Denied("ACCUSATION_APART", against=against)
        elif state in OVER and not protects:
            raise InvalidTransition("INCIDENT_OVER", incident=receipt.incident.code, state=state)

    async def _move(self, receipt: Receipt, merged: Incident, by: Actor) -> bool:
        """Move the receipt to the incident that its own was merged into; the event of the merge
        then changes nothing. Its desk need not see that one, as little as the event asks for it.
        A receipt that accuses another unit than that one does stays: workflow parts the two."""
        found = await self._told.read(UUID(merged.merged_into))
        if found is None:
            return False
        into = found.incident
        step = Step("IncidentMerged", merged.version, state=MERGED)
        follow = FollowMerge(
            incident_id=UUID(merged.id),
            step=step,
            into=UUID(into.id),
            into_code=into.code,
            known=codec.to_followed(into),
            merger=Actor(merged.merged_by, ""),
            against=found.against,
            priority=merged.priority,
        )
        request_id = uuid5(receipt.id, f"follow {merged.id} into {into.id} {merged.version}")
        outcome = await self._orders.record(receipt.id, request_id, follow, by)
        await self._teams.tell(receipt.id, request_id)
        after: Receipt | None = outcome.state
        return bool(after and after.incident and after.incident.id == follow.into)

    async def merge(self, payloads: Iterable[bytes]) -> None:
        """Let the receipts of an incident follow its merge, or the undoing: the one that has opened
        it first. It goes on when the caller waits no longer: what would be left undone comes over
        Kafka, which may be away.
        """
        try:
            events = [IncidentEvent.FromString(each) for each in payloads]
        except DecodeError as error:
            raise InvalidArgument("BAD_METADATA", field="events") from error
        if not events:
            return
        task = asyncio.create_task(self._move_all(events))
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)
        await asyncio.shield(task)

    async def _move_all(self, events: Sequence[IncidentEvent]) -> None:
        """Move the receipts and tell of it in this order: the incident that they join, then their
        teams, then the incident that they leave. Else a team would hear that a danger is over which
        has moved along with it.
        """
        asked = await self._follower(events)
        opened = UUID(events[0].meta.aggregate_id)
        ordered = sorted(asked, key=lambda each: each.aggregate_id != opened)
        moved = [(each.aggregate_id, uuid5(each.request_id, "directly")) for each in ordered]
        await asyncio.gather(
            *(
                self._orders.record(of, request_id, request.command, request.actor)
                for (of, request_id), request in zip(moved, ordered, strict=True)
            )
        )
        await self._told.moved(moved, left=False)
        for move in moved:
            await self._teams.tell(*move)
        await self._told.moved(moved, left=True)

    async def linked(self, receipt: Receipt, incident_id: UUID, call: Call, fresh: bool) -> None:
        """Look the incident up again: a step between look-up and link had no follower yet.

        One that was merged is followed to where it goes on. Raises INCIDENT_OVER for one that has
        ended: nobody would come for what is told now, so the receipt is open at its desk again, and
        its teams hear nothing. A repeated request, which is not `fresh`, undoes no link that the
        end has followed.
        """
        by = call.actor
        found = await self._told.glance(incident_id, by, PATIENCE)
        state = codec.to_followed(found).state if found else ""
        if found is not None and state in OVER and fresh:
            if state == MERGED and await self._move(receipt, found, by):
                return
            request_id, leave = uuid5(call.request_id, "unlink"), UnlinkRepeat(by, ENDED_BEFORE)
            await self._orders.record(receipt.id, request_id, leave, by)
            await self._teams.tell(receipt.id, request_id)
            raise InvalidTransition("INCIDENT_OVER", incident=found.code, state=state)
        if found is not None:
            await self._follow(receipt, found, by)
        if receipt.dispatches:
            await self._teams.tell(receipt.id, call.request_id)

    async def _follow(self, receipt: Receipt, found: Incident, by: Actor) -> None:
        known = receipt.incident.known.version if receipt.incident else 0
        if found.version <= known:
            return
        incident_id, now = UUID(found.id), codec.to_followed(found)
        said = {name: getattr(now, name) for name in SAID}
        step = Step("Linked", now.version, **said)
        request_id = uuid5(receipt.id, f"follow {incident_id} {now.version}")
        await self._orders.record(receipt.id, request_id, FollowIncident(incident_id, step), by)
