"""What the headers of a request ask for, read once and kept for as long as they repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from ranvier.wire.grpc.compression import ACCEPTED, IDENTITY, INFLATERS
from ranvier.wire.grpc.framing import Inflate
from ranvier.wire.grpc.status import GrpcError, StatusCode, status_pairs
from ranvier.wire.grpc.timeout import seconds_from
from ranvier.wire.http2.headers import HeaderPairs

CONTENT_TYPE = b"application/grpc"
HEAD_FIELDS = (b":method", b"content-type", b":path", b"grpc-encoding", b"grpc-timeout")
"""The headers that say what is asked for; all others are metadata."""
MEMO_ENTRIES = 64
"""Heads kept per connection; a client has a few dozen methods, each with few sets of headers."""

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)


@dataclass(frozen=True, slots=True)
class RequestHead(Generic[M_co]):
    """A request that can be served: which method, how long, how compressed.

    It holds nothing that belongs to one call alone: no permission, no point in time.
    """

    path: str
    method: M_co
    timeout_seconds: float | None
    inflate: Inflate | None


class Refusal(Exception):
    """The request cannot be served; `answer` is the header block that says so."""

    def __init__(self, answer: HeaderPairs) -> None:
        super().__init__()
        self.answer = answer


class HeadMemo(Generic[M]):
    """Reads request headers; the same tuple object gives the same head without reading again.

    Entries hold their tuple, so that its identity cannot pass to another one meanwhile. A second
    memo, by what matters of the headers, serves callers that send some other header anew each time.
    """

    __slots__ = ("_by_fields", "_by_identity", "_methods", "recall")

    def __init__(self, methods: Mapping[bytes, M]) -> None:
        self._methods = methods
        self._by_identity: dict[int, tuple[HeaderPairs, RequestHead[M]]] = {}
        self._by_fields: dict[tuple[bytes | None, ...], RequestHead[M]] = {}
        self.recall: Callable[[int], tuple[HeaderPairs, RequestHead[M]] | None] = (
            self._by_identity.get
        )

    def read(self, headers: HeaderPairs) -> RequestHead[M]:
        """Return the head of these headers; raise Refusal where they are no call of ours."""
        found = self.recall(id(headers))
        if found is not None:
            return found[1]
        get = dict(headers).get
        fields = tuple(map(get, HEAD_FIELDS))
        head = self._by_fields.get(fields)
        if head is None:
            head = read_head(fields, self._methods)
            if len(self._by_fields) >= MEMO_ENTRIES:
                self._by_fields.clear()
            self._by_fields[fields] = head
        if len(self._by_identity) >= MEMO_ENTRIES:
            self._by_identity.clear()
        self._by_identity[id(headers)] = (headers, head)
        return head


def read_head(fields: tuple[bytes | None, ...], methods: Mapping[bytes, M]) -> RequestHead[M]:
    """Return what the values of HEAD_FIELDS ask for; raise Refusal where they are no call."""
    verb, content_type, path, encoding, timeout = fields
    if verb != b"POST":
        raise Refusal(((b":status", b"405"), (b"allow", b"POST")))
    if not is_grpc(content_type or b""):
        raise Refusal(((b":status", b"415"), (b"accept", CONTENT_TYPE)))
    name = (path or b"").decode("latin-1")
    method = methods.get(path or b"")
    if method is None:
        raise unimplemented(f"there is no method {name}")
    encoding = encoding or IDENTITY
    if encoding not in INFLATERS:
        raise unimplemented(
            f"messages may not be compressed by {encoding.decode('latin-1')}",
            ((b"grpc-accept-encoding", ACCEPTED),),
        )
    return RequestHead(name, method, timeout_from(timeout), INFLATERS[encoding])


def is_grpc(content_type: bytes) -> bool:
    """Tell whether a content type is `application/grpc`, with or without a suffix like `+proto`."""
    return content_type.startswith(CONTENT_TYPE) and content_type[16:17] in (b"", b"+", b";")


def timeout_from(value: bytes | None) -> float | None:
    """Return the seconds that the caller gives the call, or None for as long as it takes."""
    if value is None:
        return None
    try:
        return seconds_from(value)
    except GrpcError as error:
        raise refusal(error) from None


def unimplemented(message: str, trailers: HeaderPairs = ()) -> Refusal:
    """Return the refusal of something that this server does not have."""
    return refusal(GrpcError(StatusCode.UNIMPLEMENTED, message, trailers))


def refusal(error: GrpcError) -> Refusal:
    """Return an error as a whole answer: headers that are trailers too ("Trailers-Only")."""
    return Refusal(((b":status", b"200"), (b"content-type", CONTENT_TYPE), *status_pairs(error)))
