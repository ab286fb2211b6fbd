"""Linkage 应急联动: the teams that an opened receipt should fetch, recommended or sent at once."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct

from backbone.words.actor import Actor
from backbone.words.errors import Refusal
from liandong.emergency.v1.emergency_pb2 import RecommendedTeam
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


class Found(Struct, frozen=True):
    """The teams to send, the best first, and those that are under way already."""

    teams: tuple[Recommended, ...] = ()
    sent: frozenset[str] = frozenset()


class Linkage:
    """Asks the city's routing what a receipt wants, and the emergency service who is free."""

    def __init__(self, atlas: Atlas, teams: Teams, orders: Orders) -> None:
        self._atlas = atlas
        self._teams = teams
        self._orders = orders

    async def recommend(self, receipt: Receipt, by: Actor) -> Found:
        """Empty where no row with linkage holds. It does not fail."""
        city = self._atlas.city
        if not linkage(city, receipt):
            return Found()
        sent = await self._orders.under_way(receipt)
        centres = self._atlas.centres
        teams = candidates(city, receipt, by, centres, sent)
        if not teams:
            return Found(sent=sent)
        standings = await self._teams.standings([team.code for team in teams], by)
        return Found(recommend(city, receipt, teams, standings, centres), sent)

    async def anew(self, receipt: Receipt, by: Actor) -> Found:
        """The teams for a matter that may have become urgent: none where one is under way, or has
        done its work for a matter as urgent."""
        found = await self.recommend(receipt, by)
        served = bool(found.sent or (found.teams and await self._orders.served(receipt)))
        return Found() if served else found

    async def send(
        self, receipt: Receipt, found: Found, by: Actor, facts: Mapping[str, Any] | None = None
    ) -> Receipt | None:
        """Order the best team if a rule of the city says so and none is under way. `facts` are
        those of the incident; without them the team gets those of the receipt.

        Returns the receipt with the order; None if none was given. A refusal of the emergency
        service is recorded on the receipt, as that of any order.

        One request id for each number of orders: a repeat of the step sends no second team.
        """
        rules = [row for row in linkage(self._atlas.city, receipt) if row.send]
        if not rules or found.sent or not found.teams or found.teams[0].standing.unready:
            return None
        best = found.teams[0].team
        standing = await self._orders.standing(receipt, best)
        command = DispatchNow(by, best, rules[0].title, standing=standing, **(facts or {}))
        outcome = await self._orders.record(receipt.id, send_id(receipt), command, by)
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


def send_id(receipt: Receipt) -> UUID:
    """The request id of the order that a rule gives."""
    count = len(receipt.dispatches)
    return uuid5(receipt.id, f"linkage/{count}" if count else "linkage")


def recommendations(found: Found) -> list[RecommendedTeam]:
    """The teams as messages."""
    return [
        RecommendedTeam(
            team=each.team,
            name=each.name,
            unit=each.unit,
            skills=each.skills,
            metres=None if each.metres is None else round(each.metres),
            duty=each.standing.duty,
            connected=each.standing.terminals > 0,
            open_missions=each.standing.missions,
            on_duty=each.standing.on_duty,
            unready=each.standing.unready,
        )
        for each in found.teams
    ]
