"""The outcome of a call: status codes, the error that carries one, and its form in trailers.

Source: the gRPC specification "gRPC over HTTP2", sections Responses and Status.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import ClassVar
from urllib.parse import unquote_to_bytes

from ranvier.wire.errors import WireError
from ranvier.wire.http2.headers import HeaderPairs

MESSAGE_BYTES_MAX = 4096
"""Bytes of a status message before it is escaped: peers refuse long header lists."""

PROTOCOL_NAMES = (b"grpc-status", b"grpc-message", b"content-type", b":")
TO_ESCAPE = re.compile(rb"[^\x20-\x24\x26-\x7e]")


class StatusCode(IntEnum):
    """The seventeen status codes of gRPC."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class GrpcError(WireError):
    """A call ended with a status other than OK.

    `message` is text for people, `trailers` are further pairs for the peer (lower-case names).
    """

    code: ClassVar[str] = "RANVIER-GRPC"
    is_unprocessed = False
    """No server has acted on the call: it can be repeated without a second effect (client)."""

    def __init__(self, status: StatusCode, message: str = "", trailers: HeaderPairs = ()) -> None:
        super().__init__(f"{status.name}: {message}")
        self.status = status
        self.message = message
        self.trailers = trailers


def status_pairs(error: GrpcError) -> HeaderPairs:
    """Return the trailers that tell a peer of this error; the message is cut at 4 KiB."""
    pairs: HeaderPairs = ((b"grpc-status", b"%d" % error.status),)
    if error.message:
        pairs = (*pairs, (b"grpc-message", percent_encoded(error.message)))
    return pairs + error.trailers


def error_from(headers: HeaderPairs) -> GrpcError | None:
    """Return the error that trailers tell of; None for OK, UNKNOWN when no status is to be read."""
    fields = dict(headers)
    text = fields.get(b"grpc-status", b"")
    if text == b"0":
        return None
    others = tuple(pair for pair in headers if not pair[0].startswith(PROTOCOL_NAMES))
    status = status_from(text)
    if status is None:
        return GrpcError(StatusCode.UNKNOWN, "the peer sent no valid grpc-status", others)
    return GrpcError(status, percent_decoded(fields.get(b"grpc-message", b"")), others)


def status_from(text: bytes) -> StatusCode | None:
    """Return the status that a header value names; a number that gRPC lacks is UNKNOWN."""
    if not text.isdigit() or len(text) > 9:
        return None
    number = int(text)
    return StatusCode(number) if number <= StatusCode.UNAUTHENTICATED else StatusCode.UNKNOWN


HTTP_STATUS = {
    400: StatusCode.INTERNAL,
    401: StatusCode.UNAUTHENTICATED,
    403: StatusCode.PERMISSION_DENIED,
    404: StatusCode.UNIMPLEMENTED,
    429: StatusCode.UNAVAILABLE,
    502: StatusCode.UNAVAILABLE,
    503: StatusCode.UNAVAILABLE,
    504: StatusCode.UNAVAILABLE,
}
"""What an answer without grpc-status means ("HTTP to gRPC Status Code Mapping")."""


def percent_encoded(text: str) -> bytes:
    """Return the form of a status message on the wire: UTF-8, all but printable ASCII escaped."""
    raw = text.encode("utf-8", "replace")[:MESSAGE_BYTES_MAX]
    raw = raw.decode("utf-8", "ignore").encode()
    return TO_ESCAPE.sub(lambda found: b"%%%02X" % found[0][0], raw)


def percent_decoded(value: bytes) -> str:
    """Return the text of a status message; what is wrongly escaped stays as it came."""
    return unquote_to_bytes(value).decode("utf-8", "replace")
