"""The texts about the incidents of needs, which another service keeps.

What they say of the person, and every number, is sealed with the person's own key, in its state,
journals, topics and lists; that service asks here for what it may show. So the incident knows no
more of the person than the case does: nothing once the case is sealed, or the person forgotten.
"""

from collections.abc import Sequence
from uuid import UUID

from backbone.door.rows import RowsOf
from backbone.words.spans import SPAN, hidden, persons_key
from services.population import codec, storage
from services.population.own_keys import BLANK, PersonKeys


class NeedsTexts:
    def __init__(self, rows: RowsOf, persons: PersonKeys) -> None:
        self._rows = rows
        self._persons = persons

    async def keep(self, service_ids: Sequence[UUID], texts: Sequence[str]) -> list[str]:
        """The texts as they are to be kept; each need has its person."""
        known = []
        for service_id in service_ids:
            row = await self._rows.one(storage.CASE_OF, service_id)
            if row is not None:
                case = self._rows.decider.from_row(row)
                own = await self._persons.made(case.id)
                known.append((own, codec.names_of(case, own)))
        among = {own.name for own, _ in known}
        kept = [*texts]
        for own, names in known:
            kept = [own.keep(own.search(text, names, among)) for text in kept]
        return kept

    async def give(self, spans: Sequence[str]) -> list[str]:
        """The texts that readers see in the places of these spans, sealed with the key of texts."""
        found = [SPAN.fullmatch(each) for each in spans]
        keys = [persons_key(each) if each else "" for each in found]
        owns = await self._persons.by_names({key for key in keys if key})
        shown = []
        for each, key in zip(spans, keys, strict=True):
            own = owns.get(key)
            if own is None:
                shown.append(hidden(each) or BLANK)
            else:
                shown.append(own.withhold(each) if own.is_sealed else own.give(each))
        return shown
