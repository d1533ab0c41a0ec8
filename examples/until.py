"""Waits for something that can only be looked at."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_SECONDS = 0.02


def until(is_so: Callable[[], object], what: str, seconds: float = 60.0) -> float:
    """Return after how many seconds something was so; raise `TimeoutError` if it never was."""
    started = time.monotonic()
    while not is_so():
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"after {seconds:g} s it is still not so that {what}")
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - started
