"""How long to wait before the next attempt: by what ended the last one, growing, never in step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ranvier.wire.grpc.status import StatusCode

REFUSALS: Final = frozenset(
    {
        StatusCode.NOT_FOUND,
        StatusCode.PERMISSION_DENIED,
        StatusCode.UNIMPLEMENTED,
        StatusCode.UNAUTHENTICATED,
        StatusCode.FAILED_PRECONDITION,
        StatusCode.INVALID_ARGUMENT,
        StatusCode.RESOURCE_EXHAUSTED,
    }
)
"""What a moment will not mend."""


@dataclass(frozen=True, slots=True)
class ReconnectDelays:
    """Seconds between attempts; each wait is drawn from a half to the whole of them."""

    unavailable_seconds: float = 0.05
    """After a server that stops, or that is not there; doubled with every failure in a row."""
    unavailable_seconds_max: float = 2.0
    refused_seconds: float = 5.0
    other_seconds: float = 0.5


def delay_seconds(
    delays: ReconnectDelays,
    status: StatusCode | None,
    failures: int,
    random: Callable[[], float],
) -> float:
    """Return how long to wait after so many failures in a row; `random` gives numbers below 1."""
    if status in REFUSALS:
        seconds = delays.refused_seconds
    elif status is StatusCode.UNAVAILABLE:
        doubled = delays.unavailable_seconds * 2 ** min(max(failures - 1, 0), 16)
        seconds = min(doubled, delays.unavailable_seconds_max)
    else:
        seconds = delays.other_seconds
    return seconds * (0.5 + random() / 2)
