"""What the caller of one query gets of what several handlers answer.

Good results pass as they come. Errors are held back: only the last one is told, and only if no good
result came. The query ends once, when every handler has finished or gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from ranvier.messages.errors import MessageError
from ranvier.messages.handler import Handler

QueryResult = bytes | MessageError
"""A handler's result as it came, or what the node says in the handler's place."""


# A tuple: two are made for each query, in a third of the time that frozen dataclasses take.
class FanInStep(NamedTuple):
    """What follows from one thing that a handler did."""

    results: tuple[QueryResult, ...] = ()
    """For the caller, in this order."""
    cancelled: tuple[Handler, ...] = ()
    """Handlers whose answers are no longer wanted."""
    is_ended: bool = False
    """The caller gets nothing more; true of exactly one step of a query."""


NOTHING: Final = FanInStep()
ENDED: Final = FanInStep(is_ended=True)


class QueryFanIn:
    """The handlers of one query that are still expected to answer.

    With `first_answer_wins` the first handler with a good result is the only one from then on, and
    an error of his passes at once: the caller has read part of his answer already.
    """

    __slots__ = ("_first_answer_wins", "_has_result", "_held", "_open", "has_ended")

    def __init__(self, handlers: Iterable[Handler], *, first_answer_wins: bool = False) -> None:
        self._open = dict.fromkeys(handlers)
        self._first_answer_wins = first_answer_wins
        self._held: QueryResult | None = None
        self._has_result = False
        self.has_ended = False
        """The caller gets nothing more."""

    @property
    def open_handlers(self) -> tuple[Handler, ...]:
        """Who has neither finished nor gone."""
        return tuple(self._open)

    def expects(self, handler: Handler) -> bool:
        """Tell whether a result of this handler still counts."""
        return handler in self._open

    def passes(self, handler: Handler) -> bool:
        """Take it that a good result of this handler passes; False where more follows from it."""
        if handler not in self._open:
            return False
        if not self._has_result:
            if self._first_answer_wins and len(self._open) > 1:
                return False
            self._has_result = True
            self._held = None
        return True

    def result(self, handler: Handler, result: QueryResult, *, is_error: bool) -> FanInStep:
        """Take a result; one that comes late, or of somebody who was not asked, is dropped."""
        if handler not in self._open:
            return NOTHING
        if is_error:
            if not self._has_result:
                self._held = result
                return NOTHING
            return FanInStep((result,)) if self._first_answer_wins else NOTHING
        if self.passes(handler):
            return FanInStep((result,))
        others = self._leave_only(handler)
        self.passes(handler)
        return FanInStep((result,), others)

    def complete(self, handler: Handler) -> FanInStep:
        """Take it that a handler has finished or gone."""
        if handler not in self._open:
            return NOTHING
        del self._open[handler]
        return NOTHING if self._open else self._end()

    def fail(self, handler: Handler, error: MessageError) -> FanInStep:
        """Take it that a handler will not finish, for a reason that may interest the caller."""
        told = self.result(handler, error, is_error=True)
        done = self.complete(handler)
        return FanInStep(told.results + done.results, is_ended=done.is_ended)

    def replace(self, handler: Handler, other: Handler) -> None:
        """Expect somebody else, who is not expected yet, in a handler's place."""
        del self._open[handler]
        self._open[other] = None

    def give_up(self, error: MessageError) -> FanInStep:
        """End now; whoever has not finished is no longer wanted."""
        if self.has_ended:
            return NOTHING
        left = self.open_handlers
        self._open.clear()
        if not self._has_result or self._first_answer_wins:
            self._held = error
        return FanInStep(self._end().results, left, is_ended=True)

    def abandon(self) -> tuple[Handler, ...]:
        """End because the caller has gone; return who is no longer wanted."""
        left = self.open_handlers
        self._open.clear()
        self.has_ended = True
        return left

    def _leave_only(self, winner: Handler) -> tuple[Handler, ...]:
        others = tuple([handler for handler in self._open if handler is not winner])
        self._open = {winner: None}
        return others

    def _end(self) -> FanInStep:
        self.has_ended = True
        held, self._held = self._held, None
        return ENDED if held is None else FanInStep((held,), is_ended=True)
