"""Which fields and lists are valid, rule by rule (RFC 9113 sections 8.2 and 8.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.wire.http2.fields import (
    CONNECT,
    INTERIM,
    MALFORMED,
    METHOD,
    REGULAR,
    STATIC_FIELDS,
    STATUS,
    make_field,
)

NAME_BYTES = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
VALUE_BYTES = frozenset((9, *range(0x20, 0x7F), *range(0x80, 0x100)))


def is_valid(name: bytes, value: bytes) -> bool:
    return not make_field(name, value)[3] & MALFORMED


@given(st.binary(min_size=1, max_size=12))
def test_names_are_lower_case_tokens(name: bytes) -> None:
    assert is_valid(b"x-" + name, b"v") == NAME_BYTES.issuperset(name)


@given(st.binary(max_size=12))
def test_values_have_no_controls_and_no_space_at_the_ends(value: bytes) -> None:
    expected = VALUE_BYTES.issuperset(value) and value == value.strip(b" \t")
    assert is_valid(b"x", value) == expected


@pytest.mark.parametrize("octet", range(256))
def test_each_byte_of_a_name_and_a_value(octet: int) -> None:
    text = b"a%ca" % octet
    assert is_valid(text, b"v") == (octet in NAME_BYTES)
    assert is_valid(b"x", text) == (octet in VALUE_BYTES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x", b""),
        (b"x", b"a b\tc"),
        (b"x", b"\x80\xff"),
        (b"te", b"trailers"),
        (b"te", b"Trailers"),
        (b":path", b"/"),
        (b":path", b"*"),
        (b":path", b"/a?b=%20#"),
        (b":authority", b""),
        (b":authority", b"[::1]:8124"),
        (b":scheme", b"https"),
        (b":status", b"599"),
        (b"content-length", b"0"),
        (b"content-length", b"1" * 18),
        (b"host", b"localhost:80"),
    ],
)
def test_good_fields(name: bytes, value: bytes) -> None:
    assert is_valid(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"", b"v"),
        (b"X", b"v"),
        (b"x y", b"v"),
        (b"x:", b"v"),
        (b":x", b"v"),
        (b"te", b"gzip"),
        (b"te", b"trailers, gzip"),
        (b"te", b""),
        (b"connection", b"close"),
        (b"keep-alive", b"5"),
        (b"proxy-connection", b"close"),
        (b"transfer-encoding", b"chunked"),
        (b"upgrade", b"h2c"),
        (b":path", b""),
        (b":path", b"a"),
        (b":path", b"/ "),
        (b":path", b"*a"),
        (b":authority", b"a@b"),
        (b":scheme", b""),
        (b":scheme", b"1"),
        (b":method", b""),
        (b":method", b"G T"),
        (b":status", b"20"),
        (b":status", b"2000"),
        (b":status", b"600"),
        (b":status", b"099"),
        (b":status", b" 200"),
        (b"content-length", b""),
        (b"content-length", b"1 "),
        (b"content-length", b"0x1"),
        (b"content-length", b"1" * 19),
    ],
)
def test_bad_fields(name: bytes, value: bytes) -> None:
    assert not is_valid(name, value)


def test_particular_values_are_marked() -> None:
    assert make_field(b":method", b"CONNECT")[3] == METHOD | CONNECT
    assert make_field(b":method", b"connect")[3] == METHOD
    assert make_field(b":status", b"103")[3] == STATUS | INTERIM
    assert make_field(b":status", b"200")[3] == STATUS
    assert make_field(b"x", b"v")[3] == REGULAR


def test_sizes_are_those_of_hpack() -> None:
    assert make_field(b"custom-key", b"custom-header")[1] == 55


def test_the_static_table_is_that_of_the_rfc() -> None:
    assert len(STATIC_FIELDS) == 62
    assert STATIC_FIELDS[1][0] == (b":authority", b"")
    assert STATIC_FIELDS[8][0] == (b":status", b"200")
    assert STATIC_FIELDS[31][0] == (b"content-type", b"")
    assert STATIC_FIELDS[61][0] == (b"www-authenticate", b"")
