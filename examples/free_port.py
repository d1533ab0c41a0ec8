"""Finds ports for what must have the same one after each of its starts."""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from typing import Final

RANGE: Final = range(12_000, 32_000)
"""Outside the range that outgoing connections get."""

_given: set[int] = set()


def free_port() -> int:
    """Return a port on which nobody listens at 127.0.0.1; this process is given none twice."""
    while True:
        port = random.choice(RANGE)
        if port in _given:
            continue
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            _given.add(port)
            return port
