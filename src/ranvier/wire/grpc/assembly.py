"""Room for messages that arrive in pieces: bounded per connection, given in order of asking.

Every stream of a connection could hold the better part of a message of the greatest size. So a
stream asks for room for the whole message once its length is known, and its receive window is
given back only while it has that room; the others wait their turn behind closed windows.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol


class Assembler(Protocol):
    """A stream that waits for room."""

    def room_granted(self) -> None:
        """Be told, once, that the room asked for is there now."""


class AssemblyRoom:
    """The bytes that incomplete messages of one connection may take together."""

    __slots__ = ("_free", "_taken", "_waiting", "_waiting_max")

    def __init__(self, byte_count: int, waiting_max: int) -> None:
        """Offer so many bytes; at most `waiting_max` streams may wait at a time."""
        self._free = byte_count
        self._taken: dict[Assembler, int] = {}
        self._waiting: deque[tuple[Assembler, int]] = deque()
        self._waiting_max = waiting_max

    def take(self, assembler: Assembler, byte_count: int) -> bool | None:
        """Give room now (True), promise it (False), or refuse, as too many wait already (None).

        A single message always finds room once it is the only one, however long it is.
        """
        if not self._waiting and (byte_count <= self._free or not self._taken):
            self._give(assembler, byte_count)
            return True
        if len(self._waiting) >= self._waiting_max:
            return None
        self._waiting.append((assembler, byte_count))
        return False

    def leave(self, assembler: Assembler) -> None:
        """Take room or promise back; those who can now be served are told."""
        given = self._taken.pop(assembler, None)
        if given is None:
            self._waiting = deque(entry for entry in self._waiting if entry[0] is not assembler)
        else:
            self._free += given
        while self._waiting and (self._waiting[0][1] <= self._free or not self._taken):
            waiter, byte_count = self._waiting.popleft()
            self._give(waiter, byte_count)
            waiter.room_granted()

    def _give(self, assembler: Assembler, byte_count: int) -> None:
        self._taken[assembler] = byte_count
        self._free -= byte_count
