"""Orders on their way: recorded on the receipt first, then told to the emergency service."""

from functools import partial
from typing import Any
from uuid import UUID, uuid5

import grpc

from backbone.door.batcher import Batcher
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.words.actor import Actor
from backbone.words.errors import Refusal
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from liandong.emergency.v1.emergency_pb2 import Order
from services.alarm import codec
from services.alarm.peers import Missions, dispatch_id
from services.alarm.receipt.dispatch import DispatchNow, RefuseDispatch, stands
from services.alarm.receipt.record import Receipt

PENDING_DELIVERY = "PENDING_DELIVERY"


class Orders:
    """Delivers the orders that receipts have recorded, and records what came of them."""

    def __init__(self, batcher: Batcher[Any], missions: Missions) -> None:
        self._batcher = batcher
        self._missions = missions

    async def deliver(self, receipt: Receipt, command: DispatchNow) -> pb.DispatchNowResponse:
        """Call the emergency service. A refusal is recorded, so that the order does not stand."""
        order = codec.to_order(receipt, command)
        late = partial(self._refused, receipt.id, order, command.by)
        try:
            sent = await self._missions.dispatch(receipt.id, order, command.by, late)
        except Refusal as refusal:
            await late(refusal)
            raise
        mission = pb.MissionRef(team=order.team, state=PENDING_DELIVERY)
        if sent is not None:
            mission = codec.to_mission(sent.mission)
        reachable = sent is not None and sent.reachable
        return pb.DispatchNowResponse(mission=mission, reachable=reachable, version=receipt.version)

    async def ask_again(self, receipt_id: UUID, order: Order, by: Actor) -> bool:
        """Whether it was heard what became of the order; a refusal is recorded."""
        known = await self._missions.of(receipt_id)
        if any((each.team, each.again) == (order.team, order.again) for each in known):
            return True
        late = partial(self._refused, receipt_id, order, by)
        try:
            await self._missions.settle(receipt_id, order, by, late)
        except grpc.aio.AioRpcError:
            return False
        return True

    async def _refused(self, receipt_id: UUID, order: Order, by: Actor, refusal: Refusal) -> None:
        told = RefuseDispatch(order.team, refusal.reason, order.again)
        request_id = uuid5(dispatch_id(receipt_id, order), "refused")
        await self.record(receipt_id, request_id, told, by)

    async def show(self, shown: resources.Receipt) -> None:
        """Set what became of each order of the receipt; nothing while emergency is away."""
        if shown.dispatches:
            codec.show_missions(shown.dispatches, await self._missions.of(UUID(shown.id)))

    async def under_way(self, receipt: Receipt) -> frozenset[str]:
        """The teams with an open mission of its matter; while emergency is away, those that it has
        ordered itself."""
        ordered = frozenset(each.team for each in receipt.dispatches if not each.refused)
        if receipt.incident is None and not ordered:
            return ordered
        found = await self._missions.under_way(receipt.matter_id)
        return ordered if found is None else found

    async def served(self, receipt: Receipt) -> bool:
        """Whether a team has done its work for the matter of the receipt, or is under way."""
        priority = receipt.classification.priority
        return await self._missions.is_served(receipt.matter_id, priority)

    async def standing(self, receipt: Receipt | None, team: str) -> str:
        """The state of the mission that an earlier order to this team has made.

        It is asked for at that moment: also without Kafka the desk can send a team again that has
        refused or is through.
        """
        order = stands(receipt, team) if receipt else None
        if receipt is None or order is None:
            return ""
        for each in await self._missions.of(receipt.id):
            if (each.team, each.again) == (order.team, order.again):
                return codec.state_of(each)
        return ""

    async def record(self, receipt_id: UUID, request_id: UUID, command: Any, by: Actor) -> Outcome:
        """Perform a command of the service itself; a derived request id makes it happen once."""
        return await self._batcher.submit(
            Request(
                request_id=request_id,
                aggregate_id=receipt_id,
                command=command,
                body_hash="",
                actor=by,
                deadline=NEVER,
            )
        )
