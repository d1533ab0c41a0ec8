"""One open subscription query: who sends its updates, how many may pass, how it ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from ranvier.messages.errors import MessageError, UpdatesNotTaken
from ranvier.messages.handler import Handler
from ranvier.messages.permits import Permits
from ranvier.messages.query_fan_in import FanInStep, QueryFanIn, QueryResult

UPDATES_WAITING_MAX: Final = 1_000
"""Updates above the grant that wait for one caller; with one more its query is ended."""

UPDATE_BYTES_WAITING_MAX: Final = 1024 * 1024
"""The same in bytes; a single update may be longer."""


class SubscriptionQuery:
    """The state of one subscription query between its `subscribe` and its end.

    Updates take one permit each and keep their order; initial results, which take none, may pass
    them by.
    """

    __slots__ = (
        "_ending",
        "_handlers",
        "_initial",
        "_waiting",
        "context",
        "is_closed",
        "name",
        "permits",
        "query_id",
        "waiting_bytes",
    )

    def __init__(self, context: str, query_id: str, name: str, permits: Permits) -> None:
        """`permits` are those that the caller has granted so far."""
        self.context = context
        self.query_id = query_id
        self.name = name
        self.permits = permits
        self.is_closed = False
        """The caller gets nothing more."""
        self.waiting_bytes = 0
        self._handlers: dict[Handler, None] = {}
        self._waiting: deque[bytes] = deque()
        self._ending: bytes | None = None
        self._initial: QueryFanIn | None = None

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """Who may send updates: told of the subscription, and not told of its end."""
        return tuple(self._handlers)

    @property
    def takes_updates(self) -> bool:
        """Whether handlers may send updates: it is open and nobody has completed it."""
        return not self.is_closed and self._ending is None

    @property
    def waiting_count(self) -> int:
        """Updates that wait for permits, or for a caller that does not read."""
        return len(self._waiting)

    def join(self, handler: Handler) -> bool:
        """Take updates of this handler from now on; False where none are taken any more."""
        if not self.takes_updates or handler in self._handlers:
            return False
        self._handlers[handler] = None
        return True

    def leave(self, handler: Handler) -> None:
        """Take no further updates of this handler; the subscription stays open for others."""
        self._handlers.pop(handler, None)

    def hears(self, handler: Handler) -> bool:
        """Tell whether updates of this handler are taken."""
        return handler in self._handlers

    def update(self, data: bytes) -> None:
        """Let an update of a handler that is heard wait for its turn; raises `UpdatesNotTaken`."""
        waiting = len(self._waiting)
        if waiting >= UPDATES_WAITING_MAX or (
            waiting and self.waiting_bytes + len(data) > UPDATE_BYTES_WAITING_MAX
        ):
            raise UpdatesNotTaken(waiting)
        self._waiting.append(data)
        self.waiting_bytes += len(data)

    def next_update(self) -> bytes | None:
        """Take the update whose turn it is, None if none waits or no permit is left."""
        if not self._waiting or not self.permits.take():
            return None
        data = self._waiting.popleft()
        self.waiting_bytes -= len(data)
        return data

    def complete(self, handler: Handler, data: bytes) -> tuple[Handler, ...]:
        """Let no update follow those that wait; return the other handlers, to be told of the end.

        `data` is what the caller gets last, by `next_ending`.
        """
        self._ending = data
        others = tuple([other for other in self._handlers if other is not handler])
        self._handlers.clear()
        return others

    def next_ending(self) -> bytes | None:
        """Take what the caller gets last, None while updates or the initial result are due."""
        if self._ending is None or self._waiting or self.awaits_initial_result:
            return None
        self.is_closed = True
        return self._ending

    def close(self) -> tuple[Handler, ...]:
        """End because of the caller or of an error; return the handlers to be told of it."""
        handlers = tuple(self._handlers)
        self._handlers.clear()
        self._waiting.clear()
        self.waiting_bytes = 0
        self._initial = None
        self.is_closed = True
        return handlers

    @property
    def awaits_initial_result(self) -> bool:
        """Whether an initial result was asked for and has not been given."""
        return self._initial is not None and not self._initial.has_ended

    def ask_initial(self, handlers: Iterable[Handler]) -> None:
        """Expect an initial result of these handlers, one of each component."""
        self._initial = QueryFanIn(handlers, first_answer_wins=True)

    def awaits_initial_of(self, handler: Handler) -> bool:
        """Tell whether this handler owes an initial result."""
        return self._initial is not None and self._initial.expects(handler)

    def ask_initial_of(self, handler: Handler, other: Handler) -> bool:
        """Expect it of somebody else in a handler's place; False if that one owes none."""
        if self._initial is None or not self._initial.expects(handler):
            return False
        self._initial.replace(handler, other)
        return True

    def initial_result(
        self, handler: Handler, result: QueryResult, *, is_error: bool
    ) -> QueryResult | None:
        """Return what the caller gets: the first good result, or the last error if all failed."""
        if self._initial is None:
            return None
        told = first(self._initial.result(handler, result, is_error=is_error))
        held = first(self._initial.complete(handler))
        return held if told is None else told

    def initial_failed(self, handler: Handler, error: MessageError) -> QueryResult | None:
        """Return what the caller gets now that a handler will give no initial result."""
        return self.initial_result(handler, error, is_error=True)

    def give_up_initial(self, error: MessageError) -> QueryResult | None:
        """Return what the caller gets in place of an initial result that has not come."""
        return None if self._initial is None else first(self._initial.give_up(error))


def first(step: FanInStep) -> QueryResult | None:
    """Return the result of a step that bears one at most."""
    return step.results[0] if step.results else None
