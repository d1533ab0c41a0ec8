"""DATA of one stream that waits for its turn."""

from __future__ import annotations

from collections import deque


class SendQueue:
    """DATA that waits for window, and what follows it."""

    __slots__ = ("byte_count", "offset", "parts", "trailers")

    def __init__(self) -> None:
        self.parts: deque[bytes] = deque()
        self.offset = 0
        """Bytes of the first part that are sent already."""
        self.byte_count = 0
        self.trailers: bytes | None = None
        """The block that ends the stream after the data."""

    def pop(self, byte_count: int) -> list[bytes]:
        """Take exactly so many bytes from the front."""
        parts, taken = self.parts, []
        self.byte_count -= byte_count
        while byte_count:
            part = parts[0]
            left = len(part) - self.offset
            if left <= byte_count:
                taken.append(part[self.offset :] if self.offset else part)
                parts.popleft()
                self.offset = 0
                byte_count -= left
            else:
                taken.append(part[self.offset : self.offset + byte_count])
                self.offset += byte_count
                byte_count = 0
        return taken
