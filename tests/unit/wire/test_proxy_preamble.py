"""The PROXY header in both versions: what is read, what is refused, what is still to come."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ranvier.wire.proxy_preamble import (
    BODY_BYTES_HIGHEST,
    SIGNATURE,
    Preamble,
    PreambleRefused,
    read_preamble,
)

V4 = ip_address("192.0.2.1").packed + ip_address("10.0.0.9").packed + b"\x12\x67\x01\xbb"
V6 = ip_address("2001:db8::1").packed + ip_address("fd00::9").packed + b"\x12\x67\x01\xbb"
CLIENT_4, NODE_4 = ("192.0.2.1", 4711), ("10.0.0.9", 443)
CLIENT_6, NODE_6 = ("2001:db8::1", 4711), ("fd00::9", 443)


def version_2(command: int, family: int, body: bytes) -> bytes:
    return SIGNATURE + bytes([command, family]) + len(body).to_bytes(2, "big") + body


def field(kind: int, value: bytes) -> bytes:
    return bytes([kind]) + len(value).to_bytes(2, "big") + value


TLS = field(0x20, b"\x01\x00\x00\x00\x00" + field(0x21, b"TLSv1.3"))
NO_TLS = field(0x20, b"\x00\x00\x00\x00\x01")

READ = [
    (b"PROXY TCP4 192.0.2.1 10.0.0.9 4711 443\r\n", CLIENT_4, NODE_4, False),
    (b"PROXY TCP6 2001:db8::1 fd00::9 4711 443\r\n", CLIENT_6, NODE_6, False),
    (b"PROXY UNKNOWN\r\n", None, None, False),
    (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None, None, False),
    (version_2(0x21, 0x11, V4), CLIENT_4, NODE_4, False),
    (version_2(0x21, 0x21, V6), CLIENT_6, NODE_6, False),
    (version_2(0x21, 0x11, V4 + TLS), CLIENT_4, NODE_4, True),
    (version_2(0x21, 0x11, V4 + field(4, b"xx") + TLS + field(1, b"")), CLIENT_4, NODE_4, True),
    (version_2(0x21, 0x11, V4 + NO_TLS), CLIENT_4, NODE_4, False),
    (version_2(0x20, 0x00, b""), None, None, False),
    (version_2(0x20, 0x11, V4), None, None, False),
    (version_2(0x21, 0x00, b"anything"), None, None, False),
    (version_2(0x21, 0x31, bytes(216)), None, None, False),
]

REFUSED = [
    b"GET / HTTP/1.1\r\n",
    b"proxy TCP4 192.0.2.1 10.0.0.9 4711 443\r\n",
    b"PROXY TCP4 192.0.2.1 10.0.0.9 4711\r\n",
    b"PROXY TCP4 192.0.2.1 10.0.0.9 4711 443 \r\n",
    b"PROXY TCP4  192.0.2.1 10.0.0.9 4711 443\r\n",
    b"PROXY TCP4 192.0.2.256 10.0.0.9 4711 443\r\n",
    b"PROXY TCP4 2001:db8::1 fd00::9 4711 443\r\n",
    b"PROXY TCP6 192.0.2.1 10.0.0.9 4711 443\r\n",
    b"PROXY TCP4 192.0.2.1 10.0.0.9 65536 443\r\n",
    b"PROXY UDP4 192.0.2.1 10.0.0.9 1 2\r\n",
    b"PROXY " + b"x" * 101,
    version_2(0x11, 0x11, V4),
    version_2(0x22, 0x11, V4),
    version_2(0x21, 0x12, V4),
    version_2(0x21, 0x22, V6),
    version_2(0x21, 0x11, V4[:-1]),
    version_2(0x21, 0x21, V4),
    version_2(0x21, 0x11, V4 + b"\x20\x00"),
    version_2(0x21, 0x11, V4 + b"\x20\x00\x09\x01"),
    SIGNATURE + b"\x21\x11" + (BODY_BYTES_HIGHEST + 1).to_bytes(2, "big"),
]


@pytest.mark.parametrize(("header", "source", "target", "is_tls"), READ)
def test_what_is_read(
    header: bytes,
    source: tuple[str, int] | None,
    target: tuple[str, int] | None,
    *,
    is_tls: bool,
) -> None:
    expected = Preamble(len(header), source, target, is_tls)
    assert read_preamble(header + b"GET / HTTP/1.1\r\n") == expected
    for length in range(len(header)):
        assert read_preamble(header[:length]) is None
    assert read_preamble(header) == expected


@pytest.mark.parametrize("data", REFUSED)
def test_what_is_refused(data: bytes) -> None:
    with pytest.raises(PreambleRefused):
        read_preamble(data)


@given(st.sampled_from([each[0] for each in READ]), st.integers(0, 300), st.binary(max_size=4))
@example(b"", 0, b"")
def test_mutated_headers_are_read_or_refused(header: bytes, place: int, change: bytes) -> None:
    data = header[:place] + change + header[place + len(change) :]
    try:
        preamble = read_preamble(data)
    except PreambleRefused:
        return
    assert preamble is None or 0 < preamble.length <= len(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        preamble = read_preamble(data)
    except PreambleRefused:
        return
    assert preamble is None or preamble.length <= len(data)
