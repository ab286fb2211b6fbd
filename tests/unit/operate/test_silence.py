"""When a process that does not answer is killed."""

from collections.abc import Sequence

import pytest

from operate.run.silence import Silence


def killed_at(looks: Sequence[tuple[float, bool, bool]]) -> float | None:
    """The time of the first look, as (time, answered, frozen), at which it is hopeless."""
    now = 0.0
    silence = Silence(lambda: now)
    for now, answered, frozen in looks:
        if silence.is_hopeless(answered, frozen):
            return now
    return None


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([(t, False, True) for t in range(1, 60, 2)], 5),  # frozen: within seconds
        ([(t, False, False) for t in range(1, 60, 2)], 27),  # busy: it gets time
        ([(t, t % 20 == 0, False) for t in range(1, 200)], None),  # it answers now and then
        ([(3600.0, False, False), (3601.0, True, False)], None),  # the machine was suspended
        ([(t, True, True) for t in range(60)], None),
    ],
)
def test_the_frozen_go_soon_and_the_busy_late(
    looks: Sequence[tuple[float, bool, bool]], expected: float | None
) -> None:
    assert killed_at(looks) == expected
