"""Time and chance, taken from the machine in one place and handed to all who need them."""

from __future__ import annotations

import time
import uuid


def unix_ms() -> int:
    """Return milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def boot_seconds() -> float:
    """Return seconds that go on while the machine or the process sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def new_message_id() -> str:
    """Return an identifier that no message has had."""
    return str(uuid.uuid4())
