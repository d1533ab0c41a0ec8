from __future__ import annotations

import gzip

from ranvier.wire.grpc.assembly import AssemblyRoom
from ranvier.wire.grpc.compression import INFLATERS
from ranvier.wire.grpc.framing import Deframer, frame, frame_all
from ranvier.wire.grpc.reading import MessageReader
from ranvier.wire.grpc.status import GrpcError, StatusCode


class Call:
    """Stands for the call, its stream and its listener at once, and notes what it is told."""

    def __init__(self, room: AssemblyRoom | None = None, limit: int = 100) -> None:
        self.is_done = False
        self.error: GrpcError | None = None
        self.messages: list[bytes] = []
        self.ended = 0
        self.credited = 0
        self.pause_after: int | None = None
        self.oversized_error: GrpcError | None = None
        self.reader = MessageReader(
            self,
            self,
            self,
            Deframer(limit, INFLATERS[b"gzip"]),
            room or AssemblyRoom(1000, waiting_max=1),
        )

    def feed(self, data: bytes, *, end_stream: bool = False) -> None:
        self.reader.data_received(data, 0, len(data), end_stream=end_stream)

    def consumed(self, byte_count: int) -> None:
        self.credited += byte_count

    def message_received(self, message: bytes) -> None:
        self.messages.append(message)
        if self.pause_after == len(self.messages):
            self.reader.pause()

    def half_closed(self) -> None:
        self.ended += 1

    def oversized(self, byte_count: int) -> GrpcError | None:
        return self.oversized_error

    def break_off(self, error: GrpcError | None = None) -> None:
        self.is_done = True
        self.error = error
        self.reader.close()


def test_messages_and_the_end_are_told_and_the_window_is_given_back() -> None:
    call = Call()
    data = frame_all([b"one", b"two"])
    call.feed(data, end_stream=True)
    assert call.messages == [b"one", b"two"]
    assert call.ended == 1
    assert call.credited == len(data)


def test_the_end_may_come_by_itself() -> None:
    call = Call()
    call.feed(frame(b"one"))
    call.reader.end()
    assert (call.messages, call.ended) == ([b"one"], 1)


def test_a_pause_keeps_messages_and_window_and_the_end_back() -> None:
    call = Call()
    call.pause_after = 1
    call.feed(frame_all([b"one", b"two", b"three"]))
    call.feed(frame(b"four"), end_stream=True)
    assert call.messages == [b"one"]
    assert (call.credited, call.ended) == (0, 0)
    call.pause_after = 3
    call.reader.resume()
    assert call.messages == [b"one", b"two", b"three"]
    call.pause_after = None
    call.reader.resume()
    assert call.messages == [b"one", b"two", b"three", b"four"]
    assert call.ended == 1
    assert call.credited == len(frame_all([b"one", b"two", b"three", b"four"]))
    call.reader.pause()
    call.reader.resume()
    assert call.ended == 1


def test_while_paused_nothing_is_inflated() -> None:
    call = Call()
    call.pause_after = 1
    packed = gzip.compress(b"x" * 50)
    data = (b"\x01" + len(packed).to_bytes(4, "big") + packed) * 3
    call.feed(data)
    assert len(call.messages) == 1
    call.reader.resume()
    assert call.messages == [b"x" * 50] * 3


def test_a_stream_that_ends_inside_a_message_is_broken() -> None:
    call = Call()
    call.feed(frame(b"whole") + frame(b"part")[:-1], end_stream=True)
    assert call.messages == [b"whole"]
    assert call.error is not None
    assert call.error.status is StatusCode.INTERNAL
    assert call.ended == 0


def test_a_call_that_ends_in_the_middle_gets_nothing_more() -> None:
    call = Call()

    def finish_at_once(message: bytes) -> None:
        call.messages.append(message)
        call.break_off()

    call.message_received = finish_at_once  # type: ignore[method-assign]  # a listener of its own
    data = frame_all([b"one", b"two"])
    call.feed(data)
    assert call.messages == [b"one"]
    assert call.credited == len(data)


def test_an_oversized_message_ends_the_call_or_is_dropped() -> None:
    strict, lenient = Call(limit=10), Call(limit=10)
    strict.oversized_error = GrpcError(StatusCode.INVALID_ARGUMENT, "too large")
    for call in (strict, lenient):
        call.feed(frame(b"before") + frame(b"x" * 40)[:20])
        call.feed(frame(b"x" * 40)[20:] + frame(b"behind"))
    assert strict.messages == [b"before"]
    assert strict.error is strict.oversized_error
    assert lenient.messages == [b"before", b"behind"]
    assert not lenient.is_done


def test_long_messages_share_the_room_of_the_connection() -> None:
    room = AssemblyRoom(100, waiting_max=1)
    first, second, third = (Call(room) for _ in range(3))
    first.feed(frame(b"x" * 80)[:50])
    second.feed(frame(b"y" * 80)[:50])
    third.feed(frame(b"z" * 80)[:50])
    assert (first.credited, second.credited) == (50, 0)
    assert third.error is not None
    assert third.error.status is StatusCode.RESOURCE_EXHAUSTED
    assert third.credited == 50
    first.feed(frame(b"x" * 80)[50:])
    assert first.messages == [b"x" * 80]
    assert second.credited == 50
    second.feed(frame(b"y" * 80)[50:])
    assert second.messages == [b"y" * 80]
    assert second.credited == 85


def test_a_cancelled_call_gives_its_room_to_the_next() -> None:
    room = AssemblyRoom(100, waiting_max=1)
    first, second = Call(room), Call(room)
    first.feed(frame(b"x" * 80)[:50])
    second.feed(frame(b"y" * 80)[:50])
    first.break_off()
    assert second.credited == 50
