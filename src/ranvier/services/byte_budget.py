"""A number of bytes that may be held at one time."""

from __future__ import annotations

from ranvier.services.errors import AppendQueueFull


class ByteBudget:
    """Counts the bytes of events that the node holds and has not stored yet."""

    __slots__ = ("limit_bytes", "taken_bytes")

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.taken_bytes = 0

    def take(self, byte_count: int) -> None:
        """Count these bytes, or raise `AppendQueueFull` and count nothing."""
        taken_bytes = self.taken_bytes + byte_count
        if taken_bytes > self.limit_bytes:
            raise AppendQueueFull(self.limit_bytes)
        self.taken_bytes = taken_bytes

    def give_back(self, byte_count: int) -> None:
        """Count these bytes no longer."""
        self.taken_bytes -= byte_count
