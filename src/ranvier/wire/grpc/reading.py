"""From DATA to messages: delivery, pausing, and giving the receive window back."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from ranvier.wire.grpc.assembly import AssemblyRoom
from ranvier.wire.grpc.framing import PREFIX_BYTES, Deframer, FramingFault, unpack_prefix
from ranvier.wire.grpc.status import GrpcError, StatusCode


class MessageSink(Protocol):
    """Who takes the messages of one direction of a call."""

    def message_received(self, message: bytes) -> None:
        """Take one message."""

    def half_closed(self) -> None:
        """Be told that no message follows."""


class ReadingCall(Protocol):
    """The call on whose behalf a reader reads."""

    @property
    def is_done(self) -> bool:
        """True once nobody wants further messages."""

    def oversized(self, byte_count: int) -> GrpcError | None:
        """Return why a message of this size ends the call, or None to drop it and read on."""

    def break_off(self, error: GrpcError) -> None:
        """End the call for what its peer sent; whoever takes the messages is told."""


class WindowedStream(Protocol):
    """The part of an HTTP/2 stream that a reader needs."""

    def consumed(self, byte_count: int) -> None:
        """Give so much receive window back to the peer."""


class MessageReader:
    """Reads the messages of one direction of a call and hands them to a sink, in order.

    While reading is paused the receive window is kept, so that the peer stops by itself.
    """

    __slots__ = (
        "_backlog",
        "_call",
        "_deframer",
        "_has_ended",
        "_has_room",
        "_is_delivering",
        "_is_end_told",
        "_is_paused",
        "_room",
        "_room_bytes",
        "_sink",
        "_stream",
        "_uncredited_bytes",
    )

    def __init__(
        self,
        call: ReadingCall,
        sink: MessageSink,
        stream: WindowedStream,
        deframer: Deframer,
        room: AssemblyRoom,
    ) -> None:
        self._call = call
        self._sink = sink
        self._stream = stream
        self._deframer = deframer
        self._room = room
        self._room_bytes = 0
        self._has_room = True
        self._backlog: deque[bytes] = deque()
        self._uncredited_bytes = 0
        self._has_ended = False
        self._is_end_told = False
        self._is_paused = False
        self._is_delivering = False

    def data_received(self, buffer: bytes, start: int, end: int, *, end_stream: bool) -> None:
        """Take DATA as HTTP/2 hands it over and deliver what it completes."""
        size = end - start
        deframer = self._deframer
        self._uncredited_bytes += size
        if end_stream:
            self._has_ended = True
        if self._is_paused or self._is_delivering:
            deframer.hold(buffer, start, end)
            return
        # Many senders put one message into one DATA frame: in place it takes 1.0 µs, else 1.7.
        if size >= PREFIX_BYTES and not (deframer.held_bytes or deframer.skip_bytes or end_stream):
            flag, length = unpack_prefix(buffer, start)
            if not flag and length == size - PREFIX_BYTES <= deframer.limit_bytes:
                self._sink.message_received(buffer[start + PREFIX_BYTES : end])
                if not self._is_paused and self._uncredited_bytes == size:
                    self._uncredited_bytes = 0
                    self._stream.consumed(size)
                return
        self._deliver(deframer.feed(buffer, start, end))

    def delivered(self, byte_count: int, *, end_stream: bool) -> None:
        """Be told of a message that came before this reader did, while its sink has paused."""
        self._uncredited_bytes += byte_count
        self._has_ended = self._has_ended or end_stream

    def end(self) -> None:
        """Be told that the direction ended without further data."""
        self._has_ended = True
        if not (self._is_paused or self._is_delivering):
            self._deliver([])

    def take_messages_up_to(self, byte_count: int) -> None:
        """Take messages of this length from now on."""
        self._deframer.limit_bytes = byte_count

    def pause(self) -> None:
        """Deliver nothing more until `resume`."""
        self._is_paused = True

    def resume(self) -> None:
        """Go on with what came meanwhile."""
        self._is_paused = False
        if not self._is_delivering:
            messages = list(self._backlog)
            self._backlog.clear()
            self._deliver(messages)

    def close(self) -> None:
        """Let go of all that is held and give its window back: nobody reads on."""
        self._backlog.clear()
        self._deframer.drop()
        self._leave_room()
        self._credit()

    def room_granted(self) -> None:
        """Go on receiving: there is room for the message that is still incomplete."""
        self._has_room = True
        self._credit()

    def _deliver(self, messages: list[bytes]) -> None:
        self._is_delivering = True
        try:
            while self._hand_over(messages):
                messages = self._deframer.more()
                if not messages and not self._pass_fault():
                    self._settle()
                    break
        finally:
            self._is_delivering = False

    def _hand_over(self, messages: list[bytes]) -> bool:
        """Give these to the sink; False when it wants no more for now."""
        call, receive = self._call, self._sink.message_received
        for index, message in enumerate(messages):
            receive(message)
            if call.is_done:
                return False
            if self._is_paused:
                self._backlog.extend(messages[index + 1 :])
                return False
        return not self._is_paused

    def _pass_fault(self) -> bool:
        """Answer what made the deframer stop; True where reading goes on behind it."""
        fault = self._deframer.fault
        if fault is None:
            return False
        error: GrpcError | None = GrpcError(StatusCode.INTERNAL, fault.value)
        if fault is FramingFault.OVERSIZED:
            error = self._call.oversized(self._deframer.fault_bytes)
        if error is None:
            self._deframer.skip_oversized()
            return not self._call.is_done
        self._call.break_off(error)
        return False

    def _settle(self) -> None:
        """All that came is delivered: give the window back, tell the end."""
        if self._call.is_done:
            return
        if self._has_ended and not self._deframer.is_between_messages:
            self._call.break_off(
                GrpcError(StatusCode.INTERNAL, "the stream ended in the middle of a message")
            )
            return
        if self._deframer.message_bytes != self._room_bytes:
            self._change_room(self._deframer.message_bytes)
        if self._has_room:
            self._credit()
        if self._has_ended and not self._is_end_told:
            self._is_end_told = True
            self._sink.half_closed()

    def _change_room(self, byte_count: int) -> None:
        """Ask for room for the message that is incomplete now, in place of the one before."""
        self._leave_room()
        if not byte_count:
            return
        self._room_bytes = byte_count
        has_room = self._room.take(self, byte_count)
        if has_room is None:
            self._room_bytes = 0
            self._call.break_off(
                GrpcError(
                    StatusCode.RESOURCE_EXHAUSTED,
                    "too many long messages are under way on this connection; send fewer at a time",
                )
            )
        else:
            self._has_room = has_room

    def _leave_room(self) -> None:
        if self._room_bytes:
            self._room_bytes = 0
            self._has_room = True
            self._room.leave(self)

    def _credit(self) -> None:
        if self._uncredited_bytes:
            byte_count, self._uncredited_bytes = self._uncredited_bytes, 0
            self._stream.consumed(byte_count)
