"""Orders that are asked for again: one of which nothing is ever heard holds up no other."""

from services.alarm.unanswered import in_turn


async def test_each_has_its_turn_behind_one_that_is_never_heard_of() -> None:
    left, asked = [1, 2, 3, 4], list[int]()

    async def is_heard(order: int) -> bool:
        asked.append(order)
        return order not in (4, 2)

    for _ in range(4):
        await in_turn(left, is_heard)
    assert sorted(left) == [2, 4]
    assert asked == [4, 3, 2, 1, 4, 2]
