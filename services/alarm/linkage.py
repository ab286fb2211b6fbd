"""Linkage 应急联动: the teams that an opened receipt should fetch, recommended or sent at once."""

import logging
from uuid import UUID, uuid5

from backbone.words.actor import Actor
from backbone.words.errors import Refusal
from liandong.alarm.v1 import alarm_pb2 as resources
from services.alarm.atlas import Atlas
from services.alarm.orders import Orders
from services.alarm.peers import Teams
from services.alarm.receipt.dispatch import DispatchNow
from services.alarm.receipt.recommending import (
    Recommended,
    candidates,
    linkage,
    recommend,
)
from services.alarm.receipt.record import Receipt

log = logging.getLogger(__name__)


class Linkage:
    """Asks the city's routing what a receipt wants, and the emergency service who is free."""

    def __init__(self, atlas: Atlas, teams: Teams, orders: Orders) -> None:
        self._atlas = atlas
        self._teams = teams
        self._orders = orders

    async def recommend(self, receipt: Receipt, by: Actor) -> tuple[Recommended, ...]:
        """The best first; empty where no row with linkage holds. It does not fail."""
        city = self._atlas.city
        if not linkage(city, receipt):
            return ()
        centres = self._atlas.centres
        teams = candidates(city, receipt, by, centres)
        if not teams:
            return ()
        standings = await self._teams.standings([team.code for team in teams], by)
        return recommend(city, receipt, teams, standings, centres)

    async def send(
        self, receipt: Receipt, found: tuple[Recommended, ...], by: Actor
    ) -> Receipt | None:
        """Order the best team if a rule of the city says so and the receipt has no order yet.

        Returns the receipt with the order; None if none was given. A refusal of the emergency
        service is recorded on the receipt, as that of any order.

        One request id for each receipt: a repeat of the opening sends no second team.
        """
        rules = [row for row in linkage(self._atlas.city, receipt) if row.send]
        if not rules or receipt.dispatches or not found or found[0].standing.unready:
            return None
        command = DispatchNow(by, found[0].team, rules[0].title)
        outcome = await self._orders.record(receipt.id, send_id(receipt.id), command, by)
        if outcome.refusal is not None:
            return None  # a person who may not send, or a person who was faster
        after: Receipt = outcome.state
        sent = DispatchNow(by, after.dispatches[-1].team, rules[0].title)
        try:
            await self._orders.deliver(after, sent)
        except Refusal as refusal:
            log.warning("linkage.refused", extra={"team": sent.team, "reason": refusal.reason})
            return None
        return after


def send_id(receipt_id: UUID) -> UUID:
    """The request id of the order that a rule gives."""
    return uuid5(receipt_id, "linkage")


def shown(found: tuple[Recommended, ...]) -> list[resources.RecommendedTeam]:
    return [
        resources.RecommendedTeam(
            team=each.team,
            name=each.name,
            unit=each.unit,
            skills=each.skills,
            metres=None if each.metres is None else round(each.metres),
            duty=each.standing.duty,
            connected=each.standing.terminals > 0,
            open_missions=each.standing.missions,
            reasons=each.reasons,
            on_duty=each.standing.on_duty,
            unready=each.standing.unready,
        )
        for each in found
    ]
