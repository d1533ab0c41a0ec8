"""A tag marks an event for later selection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tag:
    """One key and value of an event; both are bytes, because clients may tag with anything."""

    key: bytes
    value: bytes
