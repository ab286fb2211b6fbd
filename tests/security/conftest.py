"""The one city of this session, and the counts of the attacks on it."""

import pytest

from tests.end_to_end.conftest import visit
from tests.security.counts import COUNTS

__all__ = ["visit"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in COUNTS:
        terminalreporter.write_line(f"security: {line}")
