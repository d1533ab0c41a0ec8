"""A snapshot under a key: what somebody made of the events up to a position."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyedSnapshot:
    """The state that all events up to and with `sequence` lead to, as the owner of the key sees it.

    `data` is the serialised Axon message exactly as it came.
    """

    key: bytes
    sequence: int
    data: bytes
