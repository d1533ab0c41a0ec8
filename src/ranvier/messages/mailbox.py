"""What waits for a client without permits: the most urgent first, then in the order of coming."""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from ranvier.messages.errors import QueueFull

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")

MAILBOX_ITEMS_MAX: Final = 10_000
"""Messages that may wait for one client."""

URGENT_SHARE: Final = 10
"""A tenth more may wait where the priority is above 0."""


class Mailbox(Generic[Key, Item]):
    """A bounded queue with priorities from which anything can be taken by its key."""

    __slots__ = ("_by_priority", "_items_max", "_priorities", "keys")

    def __init__(self, items_max: int = MAILBOX_ITEMS_MAX) -> None:
        self._items_max = items_max
        self._by_priority: dict[int, OrderedDict[Key, Item]] = {}
        self._priorities: list[int] = []
        """The priorities in use, the highest last."""
        self.keys: dict[Key, int] = {}
        """Under what something waits, with its priority; not to be changed from outside."""

    def __len__(self) -> int:
        return len(self.keys)

    def put(self, key: Key, item: Item, priority: int = 0) -> None:
        """Let an item wait under a key that nothing else waits under; raises `QueueFull`."""
        limit = self._items_max
        if priority > 0:
            limit += limit // URGENT_SHARE
        if len(self.keys) >= limit:
            raise QueueFull(limit)
        items = self._by_priority.get(priority)
        if items is None:
            items = self._by_priority[priority] = OrderedDict()
            insort(self._priorities, priority)
        items[key] = item
        self.keys[key] = priority

    def pop(self) -> tuple[Key, Item]:
        """Take the item whose turn it is, with its key; the mailbox must not be empty."""
        priority = self._priorities[-1]
        items = self._by_priority[priority]
        key, item = items.popitem(last=False)
        del self.keys[key]
        if not items:
            self._forget(priority)
        return key, item

    def remove(self, key: Key) -> Item | None:
        """Take the item that waits under this key, None if there is none."""
        priority = self.keys.pop(key, None)
        if priority is None:
            return None
        items = self._by_priority[priority]
        item = items.pop(key)
        if not items:
            self._forget(priority)
        return item

    def items(self) -> list[tuple[Key, Item]]:
        """Return all items with their keys, in the order in which their turn will come."""
        return [
            entry
            for priority in reversed(self._priorities)
            for entry in self._by_priority[priority].items()
        ]

    def drain(self) -> list[tuple[Key, Item]]:
        """Take all items, in the order in which their turn would have come."""
        return [self.pop() for _ in range(len(self))]

    def _forget(self, priority: int) -> None:
        del self._by_priority[priority]
        self._priorities.remove(priority)
