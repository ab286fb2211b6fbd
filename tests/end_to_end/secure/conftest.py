"""The whole city with LIANDONG_SECURE=1, of its own: its certificates are harmed and mended."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.people import Visit, visiting
from tests.servers import COMMAND, Installed


@pytest.fixture(scope="module")
def secure_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """Down with its file: each idle city keeps a sixth of a core busy."""
    folder = tmp_path_factory.mktemp("secure_city")
    city = Installed(folder, COMMAND, {"LIANDONG_SECURE": "1", "LC_ALL": "C.UTF-8"})
    try:
        city.up()
        yield city
    finally:
        city.down()


@pytest.fixture
async def secure_visit(secure_city: Installed) -> AsyncIterator[Visit]:
    async with visiting(secure_city) as visit:
        yield visit
