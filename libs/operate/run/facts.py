"""What run.json tells scripts beside the processes, as long as it is true."""

from collections.abc import Mapping
from typing import Any

from operate.home.home import Home

Facts = Mapping[str, Any]
# What opens nothing any more once the demo was ended.
OF_DEMO = ("accounts", "api_keys")


def without_ended(facts: Facts | None, home: Home) -> Facts | None:
    """The same facts, or new ones without the demo if it was ended since they were told."""
    if not facts or not any(map(facts.get, OF_DEMO)) or not home.demo_ended.exists():
        return facts
    return {**facts, **{name: [] for name in OF_DEMO}}
