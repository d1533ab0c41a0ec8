"""Reading a stream of server-sent events (HTML Living Standard, section 9.2.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

LONGEST_LINE_BYTES: Final = 64 * 1024 * 1024
"""A line holds one event: the longest that a node stores, with room for escapes and base 64."""


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event; `name` is `message` where the server gave none."""

    name: str
    data: str


def server_sent_events(chunks: Iterable[bytes]) -> Iterator[ServerSentEvent]:
    """Yield each complete event; comments keep the connection alive and are passed over.

    Raises `ValueError` for a line that is longer than any event.
    """
    name, data = "", list[str]()
    for line in _lines(chunks):
        if not line:
            if data:
                yield ServerSentEvent(name or "message", "\n".join(data))
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Cut at LF alone: what else Python takes for an end of line may stand in JSON.

    A node writes no bare CR; one before LF belongs to the end of the line.
    """
    begun = bytearray()
    for chunk in chunks:
        *complete, rest = chunk.split(b"\n")
        for line in complete:
            begun += line
            yield begun.decode("utf-8", "replace").removesuffix("\r")
            begun.clear()
        begun += rest
        if len(begun) > LONGEST_LINE_BYTES:
            raise ValueError(f"a line of more than {LONGEST_LINE_BYTES} bytes")
