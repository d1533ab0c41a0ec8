"""Which header fields are valid (RFC 9113 sections 8.2 and 8.3), judged field by field.

Each field brings two sets of marks: those that it *adds* to its list and those that it *forbids* to
have been added before it. A list is judged by and-ing and or-ing, at a few nanoseconds per field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import lru_cache

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


class Position(IntEnum):
    """Where a header block stands in its stream."""

    REQUEST = 0
    RESPONSE = 1
    TRAILER = 2


SHAPES: tuple[frozenset[int], ...] = (
    frozenset(
        (METHOD | SCHEME | PATH, METHOD | SCHEME | PATH | AUTHORITY, METHOD | CONNECT | AUTHORITY)
    ),
    frozenset((STATUS,)),
    frozenset((0,)),
)
"""By position: the marks of SHAPE that a list may have."""
NAMES_REMEMBERED = 512
"""Names of fields whose rule is looked up, of all connections: applications use a few dozen."""

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
    forbids, adds, check = rule_of(name)
    if not check(value):
        adds = MALFORMED
    elif adds & METHOD and value == b"CONNECT":
        adds |= CONNECT
    elif adds & STATUS and value[0] == 0x31:
        adds |= INTERIM
    return (name, value), len(name) + len(value) + OVERHEAD_BYTES, forbids, adds


@lru_cache(NAMES_REMEMBERED)
def rule_of(name: bytes) -> Rule:
    """Return what holds for fields of this name."""
    known = RULES.get(name)
    if known is not None:
        return known
    return (0, REGULAR, _is_value) if _is_name(name) else NEVER


def _is_nothing(value: bytes) -> bool:  # noqa: ARG001  # no value is good
    return False


def _is_trailers(value: bytes) -> bool:
    return value.lower() == b"trailers"


Rule = tuple[int, int, Callable[[bytes], object]]
"""The marks that a field forbids, those that it adds, and whether a value is valid."""
NEVER: Rule = (0, MALFORMED, _is_nothing)

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
    b"connection": NEVER,
    b"keep-alive": NEVER,
    b"proxy-connection": NEVER,
    b"transfer-encoding": NEVER,
    b"upgrade": NEVER,
}

STATIC_FIELDS: tuple[Field, ...] = tuple(
    make_field(name, value) for name, value in ((b"", b""), *HeaderTable.STATIC_TABLE)
)
"""The static table of RFC 7541 appendix A by index; index 0 is not valid."""
