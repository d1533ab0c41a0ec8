"""How many commands are with the handlers of a node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from ranvier.messages.command_routing import CommandRouting
from ranvier.services.waiting_command import HandlerStream


class CommandCounts:
    """Counts what is under way in a routing."""

    def __init__(self) -> None:
        self._routing: CommandRouting[HandlerStream] = CommandRouting()

    @property
    def active_count(self) -> int:
        """Commands that handlers are working on."""
        return sum(len(stream.sent) for stream in self._routing.flows.values())

    @property
    def queued_count(self) -> int:
        """Commands that wait for permits."""
        return sum(len(stream.waiting) for stream in self._routing.flows.values())

    def active_counts(self) -> Mapping[str, int]:
        """Return the commands that handlers are working on, by context."""
        return self._counts(lambda stream: len(stream.sent))

    def queued_counts(self) -> Mapping[str, int]:
        """Return the commands that wait for permits, by context."""
        return self._counts(lambda stream: len(stream.waiting))

    def _counts(self, count: Callable[[HandlerStream], int]) -> Mapping[str, int]:
        counts: Counter[str] = Counter()
        for stream in self._routing.flows.values():
            counts[stream.handler.context] += count(stream)
        return counts

    def streams(self) -> list[HandlerStream]:
        """Return the handlers' streams that are open, in the order of coming."""
        return list(self._routing.flows.values())
