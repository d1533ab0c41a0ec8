"""Attempts to connect: while they fail, one at a time with a pause between, whoever asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.postgres.failures import FAILURES, reason_of


class Attempts:
    """Tells all who come after a failure the same failure, until the next attempt may be made.

    Thousands of questions a second would otherwise knock at a server that is just coming up, and
    each would wait for an attempt of its own at one that never answers.
    """

    def __init__(self, pause_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._under_way = 0
        self._failure: str | None = None
        self._again_at = 0.0

    def refuse_now(self) -> None:
        """Raise the last failure where it is too early for another attempt."""
        if self._failure is not None and (self._under_way or self._clock() < self._again_at):
            raise StorageUnavailable(self._failure)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Note how the attempt in the block ends."""
        self._under_way += 1
        try:
            yield
        except StorageUnavailable as error:
            self._failed(error.reason)
            raise
        except FAILURES as error:
            self._failed(reason_of(error))
            raise
        else:
            self._failure = None
        finally:
            self._under_way -= 1

    def _failed(self, reason: str) -> None:
        self._failure = reason
        self._again_at = self._clock() + self._pause_seconds
