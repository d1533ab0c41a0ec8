"""Which header fields are valid (RFC 9113 sections 8.2 and 8.3), judged field by field.

Each field brings two sets of marks: those that it *adds* to its list and those that it *forbids* to
have been added before it. A list is judged by and-ing and or-ing, at a few nanoseconds per field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum, auto

from hpack.table import HeaderTable

HeaderPair = tuple[bytes, bytes]
Field = tuple[HeaderPair, int, int, int]
"""A pair, its size by RFC 7541 section 4.1, the marks that it forbids, the marks that it adds."""

METHOD = 0x01
SCHEME = 0x02
AUTHORITY = 0x04
PATH = 0x08
STATUS = 0x10
CONNECT = 0x20
"""The method is CONNECT."""
MALFORMED = 0x40
SHAPE = 0x7F
"""The marks that decide whether a list has the right pseudo-headers for its position."""
REGULAR = 0x80
CONTENT_LENGTH = 0x100
HOST = 0x200
INTERIM = 0x400
"""The status is 1xx."""
TOO_LONG = 0x800
"""The list is over its limit."""
PARTICULAR = MALFORMED | CONTENT_LENGTH | INTERIM | TOO_LONG
"""The marks of lists that are not looked up: each needs more than its pairs."""

OVERHEAD_BYTES = 32
"""What a field counts beside its name and value (RFC 7541 section 4.1)."""


class Position(Enum):
    """Where a header block stands in its stream."""

    REQUEST = auto()
    RESPONSE = auto()
    TRAILER = auto()


SHAPES: Mapping[Position, frozenset[int]] = {
    Position.REQUEST: frozenset(
        (METHOD | SCHEME | PATH, METHOD | SCHEME | PATH | AUTHORITY, METHOD | CONNECT | AUTHORITY)
    ),
    Position.RESPONSE: frozenset((STATUS,)),
    Position.TRAILER: frozenset((0,)),
}

_is_name = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+").fullmatch
_is_value = re.compile(
    rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?"
).fullmatch
_is_token = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_is_scheme = re.compile(rb"[A-Za-z][A-Za-z0-9+\-.]*").fullmatch
_is_authority = re.compile(rb"[^@\x00-\x20\x7f]*").fullmatch
_is_path = re.compile(rb"(?:/[^\x00-\x20\x7f]*|\*)").fullmatch
_is_status = re.compile(rb"[1-5][0-9]{2}").fullmatch
_is_length = re.compile(rb"[0-9]{1,18}").fullmatch


def make_field(name: bytes, value: bytes) -> Field:
    """Return the pair with its size and marks; an invalid one is marked MALFORMED."""
    size = len(name) + len(value) + OVERHEAD_BYTES
    rule = RULES.get(name)
    if rule is None:
        adds = REGULAR if _is_name(name) and _is_value(value) else MALFORMED
        return (name, value), size, 0, adds
    forbids, adds, check = rule
    if check is None or not check(value):
        return (name, value), size, 0, MALFORMED
    if adds & METHOD and value == b"CONNECT":
        adds |= CONNECT
    elif adds & STATUS and value[0] == 0x31:
        adds |= INTERIM
    return (name, value), size, forbids, adds


def _is_trailers(value: bytes) -> bool:
    return value.lower() == b"trailers"


Rule = tuple[int, int, Callable[[bytes], object] | None]

RULES: Mapping[bytes, Rule] = {
    b":method": (METHOD | REGULAR, METHOD, _is_token),
    b":scheme": (SCHEME | REGULAR, SCHEME, _is_scheme),
    b":authority": (AUTHORITY | REGULAR, AUTHORITY, _is_authority),
    b":path": (PATH | REGULAR, PATH, _is_path),
    b":status": (STATUS | REGULAR, STATUS, _is_status),
    b"content-length": (CONTENT_LENGTH, CONTENT_LENGTH | REGULAR, _is_length),
    b"host": (HOST, HOST | REGULAR, _is_authority),
    b"te": (0, REGULAR, _is_trailers),
    # Of one hop only; HTTP/2 has none of them (section 8.2.2).
    b"connection": (0, MALFORMED, None),
    b"keep-alive": (0, MALFORMED, None),
    b"proxy-connection": (0, MALFORMED, None),
    b"transfer-encoding": (0, MALFORMED, None),
    b"upgrade": (0, MALFORMED, None),
}

STATIC_FIELDS: tuple[Field, ...] = tuple(
    make_field(name, value) for name, value in ((b"", b""), *HeaderTable.STATIC_TABLE)
)
"""The static table of RFC 7541 appendix A by index; index 0 is not valid."""
