"""The people who take part in a story, at the door of the one city of this session."""

from collections.abc import AsyncIterator

import pytest

from tests.people import Visit, visiting
from tests.servers import Installed


@pytest.fixture
async def visit(whole_city: Installed) -> AsyncIterator[Visit]:
    async with visiting(whole_city) as visit:
        yield visit
