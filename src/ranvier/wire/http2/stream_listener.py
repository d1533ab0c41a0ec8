"""What a stream tells the layer above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ranvier.wire.http2.headers import HeaderPairs


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """Why a stream ended before both sides had said their end."""

    code: int
    """A code of RFC 9113 section 7, possibly one that this side does not know."""
    remote: bool
    """The peer ended it, or the connection was lost; else this side did."""
    reason: str = ""
    is_connection_lost: bool = False
    is_unprocessed: bool = False
    """The peer has said that it did nothing with the request: it can be sent again elsewhere."""


class StreamListener(Protocol):
    """Who is told what comes on a stream; calls are synchronous and in order."""

    def headers_received(self, headers: HeaderPairs, *, end_stream: bool) -> None:
        """Take the response's headers (client role; interim responses are swallowed)."""

    def trailers_received(self, headers: HeaderPairs) -> None:
        """Take the trailers; the peer's side of the stream has ended."""

    def data_received(self, buffer: bytes, start: int, end: int, *, end_stream: bool) -> None:
        """Take DATA: `buffer[start:end]`, padding removed; give it back with `consumed`."""

    def writable(self) -> None:
        """Be told that the stream's queue has fallen below the low-water mark."""

    def closed(self, error: StreamEnd | None) -> None:
        """Be told once, last of all, that the stream is over; None: both sides have ended it."""


class Unheard:
    """Lets what comes on a stream without a listener run into nothing."""

    def headers_received(self, headers: HeaderPairs, *, end_stream: bool) -> None:
        """Do nothing."""

    def trailers_received(self, headers: HeaderPairs) -> None:
        """Do nothing."""

    def data_received(self, buffer: bytes, start: int, end: int, *, end_stream: bool) -> None:
        """Do nothing."""

    def writable(self) -> None:
        """Do nothing."""

    def closed(self, error: StreamEnd | None) -> None:
        """Do nothing."""


UNHEARD = Unheard()
