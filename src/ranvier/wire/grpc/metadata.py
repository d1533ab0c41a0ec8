"""Metadata: the headers that a caller adds to a call and a handler to its answer.

Names are lower case. Values are printable ASCII, except under names that end in `-bin`: there
they are any bytes, in base64 on the wire ("gRPC over HTTP2", Custom-Metadata).
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping

from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.http2.headers import HeaderPairs

RESERVED = frozenset({b"content-type", b"te", b"user-agent"})
NAME = re.compile(rb"[0-9a-z_.\-]+")
TEXT = re.compile(rb"[\x20-\x7e]*")


class Metadata:
    """The metadata of one call, read from its headers only when somebody asks."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: HeaderPairs) -> None:
        self._pairs = pairs

    def get(self, name: str) -> str | None:
        """Return the first text under this lower-case name, or None."""
        wanted = name.encode()
        for key, value in self._pairs:
            if key == wanted:
                return value.decode("latin-1")
        return None

    def get_bytes(self, name: str) -> bytes | None:
        """Return the first bytes under this `-bin` name, or None; refuse what is not base64."""
        value = self.get(name)
        return None if value is None else binary_from(value.split(",", 1)[0])

    def items(self) -> Iterator[tuple[str, str]]:
        """Yield every name and text as it came; protocol headers are left out."""
        for key, value in self._pairs:
            if not is_reserved(key):
                yield key.decode("latin-1"), value.decode("latin-1")


def header_pairs(metadata: Mapping[str, str | bytes]) -> HeaderPairs:
    """Return metadata as header pairs; `bytes` need a name in `-bin`, refuse what gRPC forbids."""
    return tuple(header_pair(name, value) for name, value in metadata.items())


def header_pair(name: str, value: str | bytes) -> tuple[bytes, bytes]:
    """Return one header; INTERNAL for a name or value that may not stand in metadata."""
    key = name.lower().encode()
    if not NAME.fullmatch(key) or is_reserved(key):
        raise GrpcError(StatusCode.INTERNAL, f"metadata may not have the name {name!r}")
    if key.endswith(b"-bin") != isinstance(value, bytes):
        raise GrpcError(
            StatusCode.INTERNAL,
            f"metadata {name!r}: names that end in -bin hold bytes, all others text",
        )
    raw = b64encode(value).rstrip(b"=") if isinstance(value, bytes) else value.encode()
    if not TEXT.fullmatch(raw):
        raise GrpcError(StatusCode.INTERNAL, f"metadata {name!r} must be printable ASCII")
    return key, raw


def binary_from(text: str) -> bytes:
    """Return the bytes of a `-bin` value, padded or not; INVALID_ARGUMENT for other text."""
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (Base64Error, ValueError):
        raise GrpcError(
            StatusCode.INVALID_ARGUMENT, "a metadata value under a -bin name must be base64"
        ) from None


def is_reserved(key: bytes) -> bool:
    """Tell whether a header belongs to the protocol and not to the application."""
    return key in RESERVED or key.startswith((b":", b"grpc-"))
