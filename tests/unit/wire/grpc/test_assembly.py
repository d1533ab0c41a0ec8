from __future__ import annotations

from ranvier.wire.grpc.assembly import AssemblyRoom


class Waiter:
    def __init__(self) -> None:
        self.granted = 0

    def room_granted(self) -> None:
        self.granted += 1


def test_room_is_given_while_there_is_some_and_then_in_order() -> None:
    room = AssemblyRoom(100, waiting_max=8)
    first, second, third, fourth = (Waiter() for _ in range(4))
    assert room.take(first, 60) is True
    assert room.take(second, 60) is False
    assert room.take(third, 40) is False  # it would fit, but the second was first
    room.leave(first)
    assert (second.granted, third.granted) == (1, 1)
    assert room.take(fourth, 1) is False
    room.leave(third)
    assert fourth.granted == 1


def test_a_message_longer_than_all_room_comes_alone() -> None:
    room = AssemblyRoom(100, waiting_max=8)
    giant, small = Waiter(), Waiter()
    assert room.take(giant, 500) is True
    assert room.take(small, 1) is False
    room.leave(giant)
    assert small.granted == 1


def test_who_waits_may_leave() -> None:
    room = AssemblyRoom(100, waiting_max=8)
    first, second, third = Waiter(), Waiter(), Waiter()
    room.take(first, 100)
    room.take(second, 100)
    room.take(third, 100)
    room.leave(second)
    room.leave(first)
    assert (second.granted, third.granted) == (0, 1)


def test_no_more_may_wait_than_the_limit_says() -> None:
    room = AssemblyRoom(10, waiting_max=2)
    assert [room.take(Waiter(), 10) for _ in range(4)] == [True, False, False, None]
