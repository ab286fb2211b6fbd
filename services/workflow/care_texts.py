"""The texts about the need of a person in care: the service of care seals the person's name and
numbers in them with the person's own key, and opens them at each read.

So records, journals, topics, lists and live changes of this service name no person of a sealed
case, and no forgotten one.
"""

import logging
import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import grpc
from google.protobuf.message import Message

from backbone.postgres.pool import Pool
from backbone.process.settings import Settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import open_channel, refusal_of
from backbone.rpc.free_texts import FreeTexts, change_texts
from backbone.shell.known_persons import ids_in
from backbone.words.actor import Actor
from backbone.words.errors import Unavailable
from backbone.words.spans import OPENS, PERSONS_MARK, SPAN, persons_key
from liandong.population.v1 import population_service_pb2 as pb
from liandong.population.v1 import population_service_pb2_grpc as rpc
from services.workflow import storage

log = logging.getLogger(__name__)

# A text that cannot be kept is refused; one that cannot be opened is shown masked.
TO_KEEP, TO_SHOW = 1.0, 0.5
INSIDE = Actor(user="", unit="", role="service")
FOUND = "SELECT id, source = 'CARE' AS is_need FROM incidents WHERE {which} ORDER BY id"
# Incidents that are known to be no need, which never changes: most texts are about one of them.
REMEMBERED = 10_000


class CareTexts:
    """Asks the service of care."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._token, self._pool = settings.token, pool
        self._others: dict[UUID, None] = {}
        self._stub = rpc.PopulationServiceStub(open_channel(settings, "population"))

    def join(self, texts: FreeTexts) -> None:
        """Keep and show these persons in the texts of all requests and answers."""
        texts.kept.append(self.keep)
        texts.beside.append(self.show)

    async def keep(self, request: Message, texts: list[str]) -> list[str]:
        """The texts of a request as they are to be kept. Raises Unavailable while the service of
        care does not answer: what is written down once is there for good."""
        services = await self._needs_in(request) if any(texts) else []
        if not services:
            return texts
        asked = pb.KeepTextsRequest(service_ids=services, texts=(each.encode() for each in texts))
        try:
            metadata = metadata_for(self._token, INSIDE)
            answer = await self._stub.KeepTexts(asked, timeout=TO_KEEP, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            log.warning("care.unheard", extra={"error": error.details()})
            raise refusal_of(error) or Unavailable("UNKNOWN_REPEAT") from error
        return [each.decode() for each in answer.texts]

    async def _needs_in(self, request: Message) -> list[str]:
        """The incidents of needs that the request is about."""
        found: dict[str, None] = {}
        for field, which in storage.ABOUT.items():
            about = [
                each for each in ids_in(getattr(request, field, ())) if each not in self._others
            ]
            for row in await self._pool.fetch(FOUND.format(which=which), about) if about else ():
                if row["is_need"]:
                    found[str(row["id"])] = None
                else:
                    self._others[row["id"]] = None
        while len(self._others) > REMEMBERED:
            del self._others[next(iter(self._others))]
        return [*found]

    async def show(self, answer: Any, reader: Actor) -> None:
        """Put into an answer what its readers may know of such persons: masks, or what the edge
        opens to those who work on the matter."""
        if PERSONS_MARK not in answer.SerializeToString():
            return
        spans: dict[str, str] = {}

        def collect(text: str) -> str:
            for found in SPAN.finditer(text) if OPENS in text else ():
                if persons_key(found):
                    spans[found[0]] = found[1]
            return text

        change_texts(answer, collect)
        spans.update(await self._given([*spans]))

        def shown(found: re.Match[str]) -> str:
            return spans[found[0]] if persons_key(found) else found[0]

        change_texts(answer, lambda text: SPAN.sub(shown, text) if OPENS in text else text)

    async def _given(self, spans: Sequence[str]) -> dict[str, str]:
        """The text in the place of each span; empty while the service of care does not answer."""
        asked = pb.GiveSpansRequest(spans=(each.encode() for each in spans))
        try:
            metadata = metadata_for(self._token, INSIDE)
            answer = await self._stub.GiveSpans(asked, timeout=TO_SHOW, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            log.info("care.unheard", extra={"error": error.details()})
            return {}
        return dict(zip(spans, (each.decode() for each in answer.texts), strict=True))
