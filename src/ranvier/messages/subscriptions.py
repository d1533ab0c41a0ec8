"""Who handles what: the subscriptions of all streams, by context and name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ranvier.messages.errors import NameTooLong, TooManySubscriptions
from ranvier.messages.handler import Handler

NAMES_PER_HANDLER_MAX: Final = 10_000
"""Names of one stream: more than an application has kinds of messages."""

NAME_LENGTH_MAX: Final = 1_000
"""Characters of a name, with package and generics; names are kept as long as their streams."""

DEFAULT_LOAD_FACTOR: Final = 100
"""What a subscription weighs that does not say."""


@dataclass(frozen=True, slots=True, eq=False)
class Subscription:
    """A handler's offer to handle one name; its share grows with its load factor, at least 1."""

    handler: Handler
    name: str
    load_factor: int


class SubscriptionTable:
    """All subscriptions of one kind of message; those of a name stand in the order of coming."""

    __slots__ = ("_candidates", "_names", "_subscriptions", "_tagged", "on_emptied", "revision")

    def __init__(self) -> None:
        self.revision = 0
        """Grows with every change."""
        self.on_emptied: Callable[[str, str], None] | None = None
        """Told of the context and name that have lost their last handler."""
        self._subscriptions: dict[tuple[str, str], dict[Handler, Subscription]] = {}
        self._candidates: dict[tuple[str, str], tuple[Subscription, ...]] = {}
        """The values of the dictionary above as tuples, made when they are first asked for."""
        self._names: dict[Handler, dict[str, None]] = {}
        self._tagged: set[Handler] = set()

    def subscribe(
        self, context: str, name: str, handler: Handler, load_factor: int = DEFAULT_LOAD_FACTOR
    ) -> bool:
        """Take an offer and tell whether it is new; a repeated one changes the load factor only.

        A load factor of 0 or less counts as 100. Raises `NameTooLong`, `TooManySubscriptions`.
        """
        if len(name) > NAME_LENGTH_MAX:
            raise NameTooLong(len(name), NAME_LENGTH_MAX)
        names = self._names.setdefault(handler, {})
        is_new = name not in names
        if is_new and len(names) >= NAMES_PER_HANDLER_MAX:
            raise TooManySubscriptions(NAMES_PER_HANDLER_MAX)
        names[name] = None
        if handler.tags:
            self._tagged.add(handler)
        weight = load_factor if load_factor > 0 else DEFAULT_LOAD_FACTOR
        subscription = Subscription(handler, name, weight)
        self._subscriptions.setdefault((context, name), {})[handler] = subscription
        self._changed((context, name))
        return is_new

    def unsubscribe(self, context: str, name: str, handler: Handler) -> bool:
        """Withdraw an offer; False if there was none."""
        names = self._names.get(handler, {})
        if name not in names:
            return False
        del names[name]
        if not names:
            del self._names[handler]
            self._tagged.discard(handler)
        self._remove((context, name), handler)
        return True

    def leave(self, handler: Handler) -> tuple[str, ...]:
        """Withdraw all offers of a handler that goes; return their names."""
        names = tuple(self._names.pop(handler, ()))
        self._tagged.discard(handler)
        for name in names:
            self._remove((handler.context, name), handler)
        return names

    def candidates(self, context: str, name: str) -> tuple[Subscription, ...]:
        """Return who handles this name.

        As long as these do not change it is the same object, which caches may compare by `is`.
        """
        key = (context, name)
        found = self._candidates.get(key)
        if found is None:
            subscriptions = self._subscriptions.get(key)
            if subscriptions is None:
                return ()
            found = self._candidates[key] = tuple(subscriptions.values())
        return found

    @property
    def has_tags(self) -> bool:
        """Whether any handler has tags: if none has, no candidates need be compared by them."""
        return bool(self._tagged)

    def names(self, context: str) -> tuple[str, ...]:
        """Return the names that are handled in a context, sorted."""
        return tuple(sorted(name for own, name in self._subscriptions if own == context))

    def is_subscribed(self, name: str, handler: Handler) -> bool:
        """Tell whether a handler offers to handle this name."""
        return name in self._names.get(handler, ())

    def __len__(self) -> int:
        return sum(map(len, self._names.values()))

    def _remove(self, key: tuple[str, str], handler: Handler) -> None:
        subscriptions = self._subscriptions[key]
        del subscriptions[handler]
        if not subscriptions:
            del self._subscriptions[key]
        self._changed(key)
        if not subscriptions and self.on_emptied is not None:
            self.on_emptied(*key)

    def _changed(self, key: tuple[str, str]) -> None:
        self._candidates.pop(key, None)
        self.revision += 1
