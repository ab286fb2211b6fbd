"""What the tests of the services' lists share."""

import pytest

from backbone.postgres import counting, scanning


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces so small that every list takes several, and more rows than a count tells."""
    monkeypatch.setattr(scanning, "PIECE", 2)
    monkeypatch.setattr(scanning, "SMALLEST", 1)
    monkeypatch.setattr(counting, "PIECE", 2)
    monkeypatch.setattr(counting, "MOST", 12)
