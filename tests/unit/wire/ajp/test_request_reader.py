"""Reading a forwarded request: every field, and everything that may not come in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.ajp_packets import Forwarded, forward_request
from ranvier.wire.ajp import codes
from ranvier.wire.ajp.errors import RequestRefused
from ranvier.wire.ajp.limits import AjpLimits
from ranvier.wire.ajp.request import Request
from ranvier.wire.ajp.request_reader import read_request

LIMITS = AjpLimits()

# What the two sent for one POST to `/a%2Fb;x=1?q=%C3%A4` with 5 bytes of body and the secret "s".
BY_MOD_JK = bytes.fromhex(
    "02040008485454502f312e3100000a2f61253246623b783d310000093132372e302e302e3100ffff000f"
    "7777772e6578616d706c652e6f7267000050000005a00b000f7777772e6578616d706c652e6f726700a0"
    "0900144a53455353494f4e49443d6162632e6e6f646531000007582d4f7468657200000331323300a008"
    "00013500a0060005636c6f7365000c00017300050008713d254333254134000600056e6f646531000a00"
    "0f414a505f52454d4f54455f504f52540000053339393238000a000e414a505f4c4f43414c5f41444452"
    "0000093132372e302e302e31000a00104a4b5f4c425f41435449564154494f4e00000341435400ff"
)  # 1.2.48
BY_MOD_PROXY_AJP = bytes.fromhex(
    "02040008485454502f312e3100000a2f61253246623b783d310000093132372e302e302e3100ffff000f"
    "7777772e6578616d706c652e6f7267008279000005a00b000f7777772e6578616d706c652e6f726700a0"
    "0900144a53455353494f4e49443d6162632e6e6f646531000007582d4f7468657200000331323300a008"
    "00013500a0060005636c6f7365000c00017300050008713d254333254134000a000f414a505f52454d4f"
    "54455f504f52540000053530353736000a000e414a505f4c4f43414c5f414444520000093132372e302e"
    "302e3100ff"
)  # httpd 2.4.71
GOLDEN = BY_MOD_JK


def read(request: Forwarded, limits: AjpLimits = LIMITS) -> Request:
    return read_request(forward_request(request)[4:], limits)


def refusal(request: Forwarded | bytes, limits: AjpLimits = LIMITS) -> RequestRefused:
    packet = request if isinstance(request, bytes) else forward_request(request)[4:]
    with pytest.raises(RequestRefused) as refused:
        read_request(packet, limits)
    return refused.value


@pytest.mark.parametrize("packet", [BY_MOD_JK, BY_MOD_PROXY_AJP])
def test_what_real_web_servers_sent_is_read(packet: bytes) -> None:
    request = read_request(packet, LIMITS)
    assert (request.method, request.protocol, request.uri) == ("POST", b"HTTP/1.1", b"/a%2Fb;x=1")
    assert (request.remote_address, request.remote_host) == (b"127.0.0.1", None)
    assert (request.server_name, request.is_tls) == (b"www.example.org", False)
    assert request.headers == [
        (b"host", b"www.example.org"),
        (b"cookie", b"JSESSIONID=abc.node1"),
        (b"x-other", b"123"),
        (b"content-length", b"5"),
        (b"connection", b"close"),
    ]
    assert (request.query, request.secret) == (b"q=%C3%A4", b"s")
    assert (request.content_length, request.is_chunked) == (5, False)


def test_what_only_one_of_them_tells() -> None:
    by_jk, by_proxy = read_request(BY_MOD_JK, LIMITS), read_request(BY_MOD_PROXY_AJP, LIMITS)
    assert by_jk.named[codes.LB_ACTIVATION] == b"ACT"
    assert by_jk.coded[codes.ROUTE] == b"node1"
    # The one tells the port that the host header implies, the other the one it listens on.
    assert (by_jk.server_port, by_proxy.server_port) == (80, 33401)
    assert by_proxy.named.keys() == {codes.REMOTE_PORT, codes.LOCAL_ADDRESS}


@pytest.mark.parametrize("method", [*codes.METHODS.values(), "PATCH", "MADE-UP"])
def test_every_method_is_known_or_brings_its_name(method: str) -> None:
    assert read(Forwarded(method)).method == method


@pytest.mark.parametrize("name", codes.REQUEST_HEADERS.values())
def test_every_coded_header_is_known(name: bytes) -> None:
    assert read(Forwarded(headers=[(name.title(), b"1")])).headers == [(name, b"1")]


def test_every_attribute_is_read() -> None:
    coded = {code: b"value %d" % code for code in range(1, 14) if code not in (5, 10, 11)}
    request = read(Forwarded(coded=coded, named={b"a": b"b", b"c": b""}, tls_key_bits=256))
    assert (request.coded, request.named) == (coded, {b"a": b"b", b"c": b""})
    assert request.tls_key_bits == 256


def test_null_strings_are_none_or_empty() -> None:
    nothing = replace(Forwarded(), remote_address=None, server_name=None)
    assert (read(nothing).remote_address, read(nothing).server_name) == (None, None)


@pytest.mark.parametrize(
    ("headers", "length", "is_chunked"),
    [
        ([], None, False),
        ([(b"Content-Length", b"0")], 0, False),
        ([(b"Content-Length", b"17")], 17, False),
        ([(b"Transfer-Encoding", b"Chunked")], None, True),
    ],
)
def test_the_length_of_a_body(
    headers: list[tuple[bytes, bytes]], length: int | None, is_chunked: bool
) -> None:
    request = read(Forwarded(headers=headers))
    assert (request.content_length, request.is_chunked) == (length, is_chunked)


@pytest.mark.parametrize(
    "headers",
    [
        [(b"Content-Length", b"1"), (b"Content-Length", b"1")],
        [(b"Content-Length", b"1"), (b"Transfer-Encoding", b"chunked")],
        [(b"Transfer-Encoding", b"chunked"), (b"Transfer-Encoding", b"chunked")],
        [(b"Transfer-Encoding", b"gzip, chunked")],
        [(b"Transfer-Encoding", b"identity")],
        [(b"Content-Length", b"+1")],
        [(b"Content-Length", b"1, 1")],
        [(b"Content-Length", b" 1")],
        [(b"Content-Length", b"-1")],
        [(b"Content-Length", b"")],
        [(b"Content-Length", b"9" * 19)],
        [(b"Content-Length", "\u0661".encode())],
    ],
)
def test_bodies_of_two_lengths_are_refused(headers: list[tuple[bytes, bytes]]) -> None:
    assert refusal(Forwarded("POST", headers=headers)).status == 400


@pytest.mark.parametrize(
    "request_", [
        Forwarded(uri=b""),
        Forwarded(uri=b"relative"),
        Forwarded(uri=b"http://other/"),
        Forwarded(uri=b"/a b"),
        Forwarded(uri=b"/a?b"),
        Forwarded(uri=b"/a#b"),
        Forwarded(uri=b"/a\r\nHost: b"),
        Forwarded(uri=b"/\xc3\xa4"),
        Forwarded(uri=b"/\x00"),
        Forwarded(protocol=b"HTTP/1.1\r\n"),
        Forwarded(protocol=b"SPDY"),
        Forwarded(method="A B"),
        Forwarded(method=""),
        Forwarded(coded={codes.QUERY_STRING: b"a b"}),
        Forwarded(coded={codes.QUERY_STRING: b"a\nb"}),
        Forwarded(headers=[(b"X-A", b"1\r\nX-B: 2")]),
        Forwarded(headers=[(b"X-A", b"1\x002")]),
        Forwarded(headers=[(b"X A", b"1")]),
        Forwarded(headers=[(b"", b"1")]),
        Forwarded(headers=[(b"X-A:", b"1")]),
        Forwarded(headers=[("X-\u00e4".encode(), b"1")]),
        Forwarded(headers=[(b"x" * 2_000, b"1")]),
    ],
)  # fmt: skip
def test_what_http_does_not_allow_is_refused(request_: Forwarded) -> None:
    assert refusal(request_).status == 400


def test_addresses_that_headers_tell_are_dropped() -> None:
    names = (b"X-Forwarded-For", b"x-forwarded-proto", b"X-FORWARDED-HOST", b"Forwarded")
    headers = [*((name, b"198.51.100.1") for name in names), (b"X-Other", b"1")]
    assert read(Forwarded(headers=headers)).headers == [(b"x-other", b"1")]


def test_every_shortened_packet_is_refused() -> None:
    for length in range(1, len(GOLDEN)):
        assert refusal(GOLDEN[:length]).status == 400


@pytest.mark.parametrize(
    "packet",
    [
        GOLDEN + b"\x00",
        GOLDEN[:-1] + b"\x0e\x00\x00\x00\xff",  # an attribute that nobody knows
        GOLDEN[:-1] + b"\x00\xff",
        GOLDEN[:-1] + b"\x0c\x00\x01t\x00\xff",  # a second secret
        GOLDEN[:-1] + b"\x0c\x00\x01tt\xff",  # a string without its zero
        GOLDEN.replace(b"\xa0\x0b", b"\xa0\x0f"),
        GOLDEN.replace(b"\xa0\x0b", b"\xa0\x00"),
        b"\x02\x63" + GOLDEN[2:],
    ],
)
def test_packets_of_a_wrong_form_are_refused(packet: bytes) -> None:
    assert refusal(packet).status == 400


def test_there_are_only_so_many_headers() -> None:
    headers = [(b"x-%d" % each, b"1") for each in range(21)]
    limits = AjpLimits(header_count=20)
    assert refusal(Forwarded(headers=headers), limits).status == 431
    assert len(read(Forwarded(headers=headers[:20]), limits).headers) == 20


def test_the_head_has_a_bound_below_a_large_packet() -> None:
    limits = AjpLimits(packet_bytes=65536, head_bytes=10_000)
    assert refusal(Forwarded(headers=[(b"cookie", b"x" * 10_000)]), limits).status == 431
    assert read(Forwarded(headers=[(b"cookie", b"x" * 9_000)]), limits).headers
