"""The press of the key is remembered until the first frame, and of few orders."""

from uuid import UUID

from services.emergency.pressed import MOST, Pressed


def test_it_is_taken_once_and_a_repeat_does_not_make_it_younger() -> None:
    pressed, mission = Pressed(), UUID(int=1)
    pressed.note(mission, 10.0)
    pressed.note(mission, 12.0)
    assert (pressed.take(mission), pressed.take(mission)) == (10.0, None)


def test_an_order_that_came_as_an_event_is_not_measured() -> None:
    pressed = Pressed()
    pressed.note(UUID(int=1), 0.0)
    assert pressed.take(UUID(int=1)) is None


def test_orders_without_a_terminal_do_not_pile_up() -> None:
    pressed = Pressed()
    for number in range(MOST + 5):
        pressed.note(UUID(int=number + 1), 1.0)
    assert pressed.take(UUID(int=5)) is None
    assert pressed.take(UUID(int=MOST + 5)) == 1.0
