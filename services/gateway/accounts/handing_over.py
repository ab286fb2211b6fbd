"""The endpoint by which a head hands a leaver's matters to a successor of the unit."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from backbone.words.roles import roles
from liandong.incident.v1 import incident_service_pb2 as incidents
from liandong.population.v1 import population_service_pb2 as population
from services.gateway.accounts.auth import Caller, require_role
from services.gateway.accounts.leaving import Call, Leaving
from services.gateway.contract.asking import NAMED
from services.gateway.contract.reading import object_reader
from services.gateway.contract.writing import to_json
from services.gateway.http import incoming
from services.gateway.http.endpoint import JSON, Gate
from services.gateway.http.problems import Problem
from services.gateway.routes.route import Extra

# A leader does not see the cases of care, and would leave them behind.
GIVERS = roles("head", "centre_director")
SUCCESSOR = object_reader(successor=NAMED)
PATIENCE = 6.0
RPCS = {
    "workflow": incidents.DESCRIPTOR.services_by_name["IncidentService"].methods_by_name,
    "population": population.DESCRIPTOR.services_by_name["PopulationService"].methods_by_name,
}
NAMES = ("workflow ListIncidents ReassignIncident", "population ListCareCases EntrustCareCase")


class HandingOver:
    def __init__(self, gate: Gate, leaving: Leaving) -> None:
        self._gate, self._leaving = gate, leaving
        self._calls = {
            (service, rpc): gate.upstream.unary(service, RPCS[service][rpc])
            for service, *rpcs in map(str.split, NAMES)
            for rpc in rpcs
        }

    async def hand_over(self, request: Request) -> Response:
        caller = await self._gate.admit(request)
        require_role(caller, GIVERS)
        given = incoming.parse_body(SUCCESSOR, await incoming.read_body(request))
        incoming.require_plain(given)
        user = request.path_params["user"]
        leaver, _ = await self._leaving.pair(user, given["successor"])
        if leaver["unit"] != caller.unit:
            raise Problem(403, "NOT_YOUR_PERSON", {"user": user})
        call = self._call_as(caller)
        done = await self._leaving.hand_over(user, given["successor"], caller.user, call)
        return Response(to_json(done.told()), media_type=JSON)

    def _call_as(self, caller: Caller) -> Call:
        async def call(service: str, rpc: str, message: Any) -> Any:
            metadata = [*self._gate.upstream.metadata, *caller.metadata]
            return await self._calls[service, rpc](message, timeout=PATIENCE, metadata=metadata)

        return call


def extras_of(handing_over: HandingOver) -> tuple[Extra, ...]:
    return (Extra("POST", "/v1/accounts/{user}:handOver", handing_over.hand_over),)
