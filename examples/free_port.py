"""Finds ports for what must have the same one after each of its starts."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

FIRST, END = 12_000, 32_000
"""Outside the range that outgoing connections get."""

_candidates = range(FIRST, END)
_given: set[int] = set()


def take_share(place: int, count: int) -> None:
    """Leave to the others of so many processes, which look at the same time, ports of their own."""
    global _candidates  # one for the whole process, as ports are
    _candidates = range(FIRST + place, END, count)


def free_port() -> int:
    """Return a port on which nobody listens at 127.0.0.1; this process is given none twice."""
    while True:
        port = random.choice(_candidates)
        if port in _given:
            continue
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            _given.add(port)
            return port
