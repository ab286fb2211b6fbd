"""Walks through the verbs of the route table by what each answer says can be done next.

Every text and every field of a person is filled with what a person of the matter is called, so that
a new verb or a new field is planted without a line here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from backbone.rpc.free_texts import is_free
from backbone.rpc.rules import rules_of
from liandong.input.v1.rules_pb2 import FieldRules
from services.gateway.contract.plan import Plan, plan_of
from services.gateway.routes import AREAS
from tests.security.canaries import Person

PLANS = [plan_of(area, route) for area in AREAS for route in area.routes]
WRITES = [plan for plan in PLANS if plan.route.is_write]
# What ends a matter comes last, so that all else has been done before.
ENDING = (
    "close", "void", "seal", "markInvalid", "answer", "pass", "refer", "decline", "fail",
    "agreement", "reply", "resolve", "merge", "lift", "clear", "refuse", "handOff", "open",
)  # fmt: skip


def verb_of(plan: Plan) -> str:
    return plan.route.path.rpartition(":")[2]


@dataclass
class Matter:
    """One record, the persons of its matter, and fields that its verbs need."""

    path: str
    person: Person
    fields: Mapping[str, Any] = field(default_factory=dict)
    blind: set[str] = field(default_factory=set)

    def plan_of(self, verb: str) -> Plan | None:
        collection = self.path.rpartition("/")[0]
        return next(
            (p for p in WRITES if p.route.path == f"{collection}/{{{_field(p)}}}:{verb}"), None
        )


def _field(plan: Plan) -> str:
    return plan.path_fields[0] if plan.path_fields else ""


@dataclass
class Walk:
    """What was done so far: each verb once or more, accepted or refused."""

    http: httpx.AsyncClient
    document: Any
    actors: Mapping[str, str]
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    async def through(self, matters: Sequence[Matter], rounds: int) -> None:
        """Step by step, each matter until nothing new can be done; and once more, as what was done
        on others, and by others, may have opened something."""
        for _ in range(2):
            moving = list(matters)
            for matter in matters:
                matter.blind.clear()
            for _ in range(rounds):
                moving = [matter for matter in moving if await self.one_step(matter)]

    async def one_step(self, matter: Matter) -> bool:
        """Do something new that one of the actors may do next, and what ends the matter last."""
        endings: list[tuple[str, Plan]] = []
        for actor in self.actors.keys() - matter.blind:
            answer = await self.http.get(matter.path, headers=self.headers(actor))
            if answer.status_code != 200:
                matter.blind.add(actor)
                continue
            named = map(matter.plan_of, answer.json().get("actions", ()))
            new = [each for each in named if each is not None and self._is_new(each)]
            for plan in new:
                if verb_of(plan) not in ENDING:
                    return await self.act(actor, plan, matter)
            endings += [(actor, plan) for plan in new]
        endings.sort(key=lambda each: ENDING.index(verb_of(each[1])))
        return await self.act(*endings[0], matter) if endings else False

    def _is_new(self, plan: Plan) -> bool:
        return not self.done[plan.label] and self.refused[plan.label] < 3

    async def act(self, actor: str, plan: Plan, matter: Matter) -> bool:
        body = self.body(plan, matter.person)
        for name in body.keys() & matter.fields.keys():
            body[name] = matter.fields[name]
        headers = self.headers(actor) | {"Idempotency-Key": uuid4().hex}
        if plan.route.reveals:
            headers["Liandong-Purpose"] = quote(matter.person.said[:190])
        path = f"{matter.path}:{verb_of(plan)}"
        answer = await self.http.post(path, json=body, headers=headers)
        accepted = answer.status_code < 300
        (self.done if accepted else self.refused)[plan.label] += 1
        return True

    def body(self, plan: Plan, person: Person) -> dict[str, Any]:
        """What a client may send, with what people write about this person."""
        body = planted(self.example(plan), plan.method.input_type, person)
        return {name: body[name] for name in body if name not in (plan.body_without or ())}

    def example(self, plan: Plan) -> dict[str, Any]:
        operation = self.document["paths"][plan.route.path][plan.route.method.lower()]
        content = operation.get("requestBody", {}).get("content", {})
        return dict(content["application/json"]["example"]) if content else {}

    def headers(self, actor: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.actors[actor]}"}


def planted(body: Any, message: Descriptor, person: Person) -> Any:
    """The body with what people write about this person in each free text and personal field."""
    said = dict(body)
    for known in message.fields:
        rules = rules_of(known)
        if known.message_type is not None:
            if isinstance(said.get(known.name), dict):
                said[known.name] = planted(said[known.name], known.message_type, person)
        elif known.type == FieldDescriptor.TYPE_STRING and known.name in _wanted(said, message):
            text = person.said if is_free(known, rules) else _text(known.name, rules, person)
            if text:
                most = rules.max_len or len(text)
                said[known.name] = [text] if known.is_repeated else text[:most]
    return said


def _wanted(said: Mapping[str, Any], message: Descriptor) -> Iterator[str]:
    """The fields that the body has, and all free texts: those that may be left out too."""
    for known in message.fields:
        if known.name in said or is_free(known, rules_of(known)):
            yield known.name


def _text(name: str, rules: Any, person: Person) -> str:
    if rules.personal == FieldRules.PERSONAL_NAME:
        return person.name
    if name == "id_number":
        return person.id_number
    if rules.personal == FieldRules.PERSONAL_NUMBER:
        return person.number
    return person.address if rules.personal == FieldRules.PERSONAL_OTHER else ""
