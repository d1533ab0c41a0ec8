"""What leaves a connection: frames for the next write, and streams that wait for window."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from ranvier.wire.http2.errors import ConnectionFault, ErrorCode
from ranvier.wire.http2.frames import END_STREAM, FRAME_BYTES_MIN, header_frames
from ranvier.wire.http2.headers import table_size_update
from ranvier.wire.http2.limits import Limits

DEFAULT_WINDOW_BYTES = 65_535
DEFAULT_TABLE_BYTES = 4_096


class Sender(Protocol):
    """A stream with queued DATA that its own window allows."""

    def send_share(self, byte_count: int) -> bool:
        """Emit one DATA frame of at most so many bytes; return whether more could follow."""


class Outbound:
    """The output of one connection, and the one account of all that it holds in memory.

    `room` is the DATA that may be emitted right now without asking further: it is 0 while the
    transport is full or other streams wait for their turn, and -1 while the next header block
    needs a prefix. So the common case costs one comparison.
    """

    __slots__ = (
        "_announce",
        "_chunk_bytes",
        "_control_frames",
        "_control_frames_max",
        "_paused_bytes",
        "_table_bytes",
        "_waiting",
        "buffered_bytes",
        "buffered_bytes_max",
        "frame_bytes",
        "frames",
        "has_spoken",
        "initial_window",
        "is_announced",
        "is_paused",
        "low_water_bytes",
        "room",
        "table_update",
        "window",
    )

    def __init__(self, limits: Limits, announce: Callable[[], None]) -> None:
        self.frames: list[bytes] = []
        """Output in order, for the next write."""
        self.window = DEFAULT_WINDOW_BYTES
        """DATA that the peer still takes on the connection (RFC 9113 section 6.9)."""
        self.initial_window = DEFAULT_WINDOW_BYTES
        """What a new stream may send (SETTINGS_INITIAL_WINDOW_SIZE of the peer)."""
        self.frame_bytes = FRAME_BYTES_MIN
        """The longest payload that the peer takes."""
        self.buffered_bytes = 0
        """DATA received and not consumed, and DATA queued, of all streams."""
        self.buffered_bytes_max = limits.buffered_bytes_per_connection
        self.low_water_bytes = limits.low_water_bytes
        self.table_update = b""
        """What must lead the next header block."""
        self.is_paused = False
        self.is_announced = False
        self.has_spoken = False
        """HEADERS or DATA were sent since this was last set to False."""
        self._table_bytes = DEFAULT_TABLE_BYTES
        self._waiting: OrderedDict[Sender, None] = OrderedDict()
        self._announce = announce
        self._chunk_bytes = limits.output_chunk_bytes
        self._control_frames_max = limits.control_frames_while_paused
        self._control_frames = 0
        self._paused_bytes = 0
        self.room = 0
        self.reckon_room()

    @property
    def held_bytes(self) -> int:
        """All that is in memory for the peer or from it, but for what is in the next write."""
        return self.buffered_bytes + self._paused_bytes

    def take(self) -> bytes:
        """Return all that is to be written now."""
        if self._waiting and not self.is_paused:
            self._share_window()
        frames = self.frames
        self.is_announced = False
        output = b"".join(frames)
        frames.clear()
        if self.is_paused:
            self._paused_bytes += len(output)
        self.reckon_room()
        if self._waiting and self.window > 0 and not self.is_paused:
            self.announce()
        return output

    def announce(self) -> None:
        """Have the output taken, unless that is known already."""
        if not self.is_announced:
            self.is_announced = True
            self._announce()

    def pause(self) -> None:
        """Emit no more DATA: the transport is full."""
        self.is_paused = True
        self.reckon_room()

    def resume(self) -> None:
        """Emit DATA again."""
        self.is_paused = False
        self._paused_bytes = self._control_frames = 0
        self.reckon_room()
        if self._waiting:
            self.announce()

    def control(self, frame: bytes) -> None:
        """Emit the answer to a frame that is being read.

        Raises ConnectionFault where a peer that does not read has caused too many of them.
        """
        self.frames.append(frame)
        if self.is_paused:
            self._control_frames += 1
            if self._control_frames > self._control_frames_max:
                raise ConnectionFault(
                    ErrorCode.ENHANCE_YOUR_CALM, "too many answers wait for a peer that never reads"
                )

    def headers(self, stream_id: int, block: bytes, *, end_stream: bool) -> None:
        """Emit a header block."""
        if self.table_update:
            block = self.table_update + block
            self.table_update = b""
            self.reckon_room()
        flags = END_STREAM if end_stream else 0
        self.frames.append(header_frames(stream_id, block, flags, self.frame_bytes))
        self.has_spoken = True
        if not self.is_announced:
            self.announce()

    def lower_table(self, byte_count: int) -> None:
        """Announce a smaller dynamic table with the next block; it is never made larger again."""
        if byte_count < self._table_bytes:
            self._table_bytes = byte_count
            self.table_update = table_size_update(byte_count)
            self.reckon_room()

    def enlarge_window(self, byte_count: int) -> None:
        """Take more window for the connection."""
        self.window += byte_count
        self.reckon_room()

    def wait(self, sender: Sender) -> None:
        """Put a stream into the line of those that have DATA to send and the window for it."""
        self._waiting[sender] = None
        self.room = min(self.room, 0)
        if not (self.is_announced or self.is_paused):
            self.announce()

    def leave(self, sender: Sender) -> None:
        """Take a stream out of the line."""
        self._waiting.pop(sender, None)

    def reckon_room(self) -> None:
        """Reckon anew how much DATA may be emitted without asking."""
        if self.table_update:
            self.room = -1
        elif self.is_paused or self._waiting:
            self.room = 0
        else:
            self.room = min(self.window, self._chunk_bytes)

    def _share_window(self) -> None:
        """Let the waiting streams send in turn, a frame each, as far as window and chunk reach."""
        waiting = self._waiting
        left = self._chunk_bytes
        while waiting and left > 0 and self.window > 0:
            sender, _ = waiting.popitem(last=False)
            before = self.window
            if sender.send_share(min(self.frame_bytes, left, before)):
                waiting[sender] = None
            left -= before - self.window
