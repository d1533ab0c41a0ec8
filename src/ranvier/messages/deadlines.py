"""Deadlines of many things at once: cheap to set and to lift, looked at every tenth of a second."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

SLOT_MS: Final = 100
"""How late, at most, a deadline may be noticed where it is looked for so often."""

Item = TypeVar("Item", bound=Hashable)


class Deadlines(Generic[Item]):
    """Things with the time by which they must be done, in slots of a tenth of a second."""

    __slots__ = ("_slots",)

    def __init__(self) -> None:
        self._slots: dict[int, set[Item]] = {}

    def __bool__(self) -> bool:
        return bool(self._slots)

    def set(self, item: Item, at_ms: int) -> int:
        """Set a deadline; return the slot by which it is lifted. It is never noticed too early."""
        slot = at_ms // SLOT_MS + 1
        items = self._slots.get(slot)
        if items is None:
            items = self._slots[slot] = set()
        items.add(item)
        return slot

    def lift(self, item: Item, slot: int) -> None:
        """Take a deadline back; one that has passed already is no error."""
        items = self._slots.get(slot)
        if items is not None:
            items.discard(item)
            if not items:
                del self._slots[slot]

    def passed(self, now_ms: int) -> list[Item]:
        """Take all things whose deadline has passed, the earliest first."""
        due = sorted(slot for slot in self._slots if slot * SLOT_MS <= now_ms)
        return [item for slot in due for item in self._slots.pop(slot)]
