"""Which database this node believes: the first that it met, in the latest life that it knows of.

A promotion begins a new timeline. A server on a lower one than has been seen is a former primary
that does not know it yet: what it commits is lost.
"""

from __future__ import annotations

from collections.abc import Callable

from ranvier.storage.errors import StorageUnavailable


class KnownPrimary:
    """Remembers a database's identity and the highest timeline that anybody has told of."""

    def __init__(self) -> None:
        self._system_identifier: int | None = None
        self._timeline = 0
        self._observers: list[Callable[[], None]] = []

    @property
    def system_identifier(self) -> int:
        """Which database was met, 0 before any."""
        return self._system_identifier or 0

    @property
    def timeline(self) -> int:
        """The highest timeline seen, 0 before any."""
        return self._timeline

    def watch(self, observer: Callable[[], None]) -> None:
        """Call an observer whenever a higher timeline is seen."""
        self._observers.append(observer)

    def meet(self, system_identifier: int, timeline: int) -> None:
        """Take a server for the primary; raises `StorageUnavailable` for one that cannot be it."""
        if self._system_identifier not in (None, system_identifier):
            raise StorageUnavailable(
                f"the server that answers holds another database ({system_identifier}, not "
                f"{self._system_identifier}): look at the address"
            )
        self._system_identifier = system_identifier
        self.hear_of(system_identifier, timeline)
        if timeline < self._timeline:
            raise StorageUnavailable(
                f"the server that answers is a former primary (timeline {timeline}, where "
                f"{self._timeline} has been seen): stop it"
            )

    def hear_of(self, system_identifier: int, timeline: int) -> None:
        """Take notice of a timeline, seen here or by another node.

        That of another database says nothing: rows that came here from it may still tell of it.
        """
        if system_identifier == self._system_identifier and timeline > self._timeline:
            self._timeline = timeline
            for observer in self._observers:
                observer()
