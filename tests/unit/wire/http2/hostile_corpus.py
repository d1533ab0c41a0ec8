"""Broken and abusive frame sequences, each with the error that RFC 9113 (or RFC 7541) names.

Each case is what a client sends after a good beginning unless it says otherwise, so the same bytes
can be thrown at a listening socket.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ranvier.wire.http2.errors import ErrorCode
from ranvier.wire.http2.headers import HeaderPairs, encode_block
from tests.support.http2_peer import (
    OK,
    PREFACE,
    REQUEST,
    RESPONSE,
    SETTINGS_ACK,
    data,
    frame,
    headers,
    number,
    setting,
    settings,
)


@dataclass(frozen=True)
class Case:
    """What comes in, and what it is answered with."""

    name: str
    sent: bytes
    code: ErrorCode
    stream_id: int | None = None
    """The stream that is reset; None: the connection ends."""
    has_greeted: bool = True


PROTOCOL = ErrorCode.PROTOCOL_ERROR
SIZE = ErrorCode.FRAME_SIZE_ERROR
FLOW = ErrorCode.FLOW_CONTROL_ERROR
CLOSED = ErrorCode.STREAM_CLOSED
COMPRESSION = ErrorCode.COMPRESSION_ERROR
CALM = ErrorCode.ENHANCE_YOUR_CALM

END, END_HEADERS, PADDED, PRIORITY = 0x1, 0x4, 0x8, 0x20
GOOD = encode_block(REQUEST)
OPEN = headers(1)
OPEN_AND_ENDED = headers(1, end=True)


def without(name: bytes) -> HeaderPairs:
    """Return a request that lacks one field."""
    return tuple(pair for pair in REQUEST if pair[0] != name)


def instead(name: bytes, value: bytes) -> HeaderPairs:
    """Return a request with another value of one field."""
    return tuple((key, value if key == name else old) for key, old in REQUEST)


def preface_cases() -> Iterator[Case]:
    """RFC 9113 section 3.4."""
    for name, sent in (
        ("HTTP/1.1 request", b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"),
        ("wrong in the last byte", PREFACE[:-1] + b"\r" + settings()),
        ("TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40)),
        ("PING before SETTINGS", PREFACE + frame("PING", 0, bytes(8))),
        ("HEADERS before SETTINGS", PREFACE + headers(1)),
        ("SETTINGS that acknowledge before SETTINGS", PREFACE + SETTINGS_ACK),
    ):
        yield Case(f"preface: {name}", sent, PROTOCOL, has_greeted=False)
    first = PREFACE + frame("SETTINGS", 0, bytes(5))
    yield Case("preface: broken first SETTINGS", first, SIZE, has_greeted=False)


def data_cases() -> Iterator[Case]:
    """RFC 9113 section 6.1 and 5.1."""
    yield Case("DATA on stream 0", data(0, b"x"), PROTOCOL)
    yield Case("DATA on an idle stream", data(1, b"x"), PROTOCOL)
    yield Case("DATA on a stream of the server", data(2, b"x"), PROTOCOL)
    yield Case("DATA on a skipped stream", headers(5) + data(3, b"x"), PROTOCOL)
    yield Case("DATA, half closed", OPEN_AND_ENDED + data(1, b"x"), CLOSED, 1)
    reset = OPEN + frame("RST_STREAM", 1, number(8))
    yield Case("DATA after RST_STREAM", reset + data(1, b"x"), CLOSED, 1)
    yield Case(
        "padding as long as the frame", OPEN + frame("DATA", 1, b"\x05abcd", PADDED), PROTOCOL
    )
    yield Case("padding longer", OPEN + frame("DATA", 1, b"\xffabcd", PADDED), PROTOCOL)
    yield Case("padding without length", OPEN + frame("DATA", 1, b"", PADDED), SIZE)
    yield Case("padding on an idle stream", frame("DATA", 1, b"\x00a", PADDED), PROTOCOL)
    yield Case("DATA over the frame size", OPEN + data(1, bytes(16_385)), SIZE)
    full = data(1, bytes(16_384)) * 16
    yield Case("DATA over the stream's window", OPEN + full + data(1, b"x"), FLOW, 1)
    yield Case("padding over the window", OPEN + full + frame("DATA", 1, b"\x00", PADDED), FLOW, 1)


def length_cases() -> Iterator[Case]:
    """RFC 9113 section 8.1.1: the content is as long as stated."""
    stated = headers(1, (*REQUEST, (b"content-length", b"5")))
    yield Case("less content than stated", stated + data(1, b"1234", end=True), PROTOCOL, 1)
    yield Case("more content than stated", stated + data(1, b"123456"), PROTOCOL, 1)
    later = stated + data(1, b"123") + data(1, b"123", end=True)
    yield Case("more content in two frames", later, PROTOCOL, 1)
    trailers = stated + data(1, b"1234") + headers(1, OK, end=True)
    yield Case("less content before trailers", trailers, PROTOCOL, 1)
    ended = headers(1, (*REQUEST, (b"content-length", b"5")), end=True)
    yield Case("no content although stated", ended, PROTOCOL, 1)
    padded = stated + frame("DATA", 1, b"\x021234\0\0", PADDED | END)
    yield Case("padding taken for content", padded, PROTOCOL, 1)
    for value in (b"", b"-1", b"+5", b"5x", b"5, 5"):
        sent = headers(1, (*REQUEST, (b"content-length", value)))
        yield Case(f"content-length {value!r}", sent, PROTOCOL, 1)
    twice = (*REQUEST, (b"content-length", b"5"), (b"content-length", b"6"))
    yield Case("two content-lengths", headers(1, twice), PROTOCOL, 1)


def headers_cases() -> Iterator[Case]:
    """RFC 9113 sections 6.2 and 5.1."""
    yield Case("HEADERS on stream 0", headers(0), PROTOCOL)
    yield Case("HEADERS on a stream of the server", headers(2), PROTOCOL)
    yield Case("HEADERS on a lower stream", headers(5) + headers(3), PROTOCOL)
    flags = END_HEADERS | PADDED
    yield Case(
        "HEADERS with too much padding", frame("HEADERS", 1, b"\xff" + GOOD, flags), PROTOCOL
    )
    yield Case("HEADERS without padding length", frame("HEADERS", 1, b"", flags), SIZE)
    short = frame("HEADERS", 1, b"\0\0\0\0", END_HEADERS | PRIORITY)
    yield Case("HEADERS without priority", short, SIZE)
    both = frame("HEADERS", 1, b"\x01\0\0\0\0\0", flags | PRIORITY)
    yield Case("HEADERS whose padding eats the priority", both, SIZE)
    yield Case("HEADERS after END_STREAM", OPEN_AND_ENDED + headers(1, OK, end=True), CLOSED, 1)
    reset = OPEN + frame("RST_STREAM", 1, number(8))
    yield Case("HEADERS after RST_STREAM", reset + headers(1, OK, end=True), CLOSED, 1)
    yield Case("trailers that do not end", OPEN + headers(1, OK), PROTOCOL, 1)
    yield Case(
        "trailers with a path", OPEN + headers(1, ((b":path", b"/"),), end=True), PROTOCOL, 1
    )
    yield Case("HEADERS over the frame size", frame("HEADERS", 1, bytes(16_385), 4), SIZE)


def field_cases() -> Iterator[Case]:
    """RFC 9113 sections 8.2 and 8.3: malformed requests."""
    for name in (b"Upper", b"a b", b"", b"a:b", b"a\x7f", b"\xc3\xa4", b"a\0", b"a\n"):
        yield Case(f"name {name!r}", headers(1, (*REQUEST, (name, b"v"))), PROTOCOL, 1)
    for value in (b"a\0b", b"a\rb", b"a\nb", b" a", b"a ", b"\ta", b"a\t", b"\x01", b"\x7f"):
        yield Case(f"value {value!r}", headers(1, (*REQUEST, (b"x", value))), PROTOCOL, 1)
    for name in (
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"transfer-encoding",
        b"upgrade",
    ):
        yield Case(f"{name.decode()} field", headers(1, (*REQUEST, (name, b"v"))), PROTOCOL, 1)
    yield Case("te other than trailers", headers(1, instead(b"te", b"gzip")), PROTOCOL, 1)
    for name in (b":method", b":scheme", b":path"):
        yield Case(f"no {name.decode()}", headers(1, without(name)), PROTOCOL, 1)
        yield Case(f"empty {name.decode()}", headers(1, instead(name, b"")), PROTOCOL, 1)
    for name, value in REQUEST[:4]:
        twice = ((name, value), *REQUEST)
        yield Case(f"two of {name.decode()}", headers(1, twice), PROTOCOL, 1)
        late = (*without(name), (name, value))
        yield Case(f"{name.decode()} after a field", headers(1, late), PROTOCOL, 1)
    yield Case("unknown pseudo-header", headers(1, ((b":other", b"v"), *REQUEST)), PROTOCOL, 1)
    yield Case("status in a request", headers(1, ((b":status", b"200"), *REQUEST)), PROTOCOL, 1)
    yield Case("protocol not offered", headers(1, ((b":protocol", b"ws"), *REQUEST)), PROTOCOL, 1)
    for value in (b"no-slash", b"/a b", b"/a\x7f"):
        yield Case(f"path {value!r}", headers(1, instead(b":path", value)), PROTOCOL, 1)
    yield Case("user in the authority", headers(1, instead(b":authority", b"u@h")), PROTOCOL, 1)
    yield Case("other host", headers(1, (*REQUEST, (b"host", b"elsewhere"))), PROTOCOL, 1)
    hosts = (*REQUEST, (b"host", b"localhost"), (b"host", b"localhost"))
    yield Case("two hosts", headers(1, hosts), PROTOCOL, 1)
    yield Case("method with a space", headers(1, instead(b":method", b"GE T")), PROTOCOL, 1)
    yield Case("CONNECT with a path", headers(1, instead(b":method", b"CONNECT")), PROTOCOL, 1)
    yield Case("CONNECT to nowhere", headers(1, ((b":method", b"CONNECT"),)), PROTOCOL, 1)
    yield Case("nothing at all", headers(1, ()), PROTOCOL, 1)
    long = (*REQUEST, *((b"x-%d" % i, b"v" * 90) for i in range(140)))
    yield Case("a header list too long", headers(1, long), CALM, 1)


def compression_cases() -> Iterator[Case]:
    """RFC 7541: what no encoder makes ends the connection."""
    for name, block in (
        ("index 0", b"\x80"),
        ("index beyond the tables", b"\xbe"),
        ("index far beyond the tables", b"\xff\x80\x80\x04"),
        ("literal named beyond the tables", b"\x7f\x00\x01v"),
        ("integer without end", b"\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("integer cut off", b"\xff\x80"),
        ("name cut off", b"\x00\x05abc"),
        ("value cut off", b"\x00\x01a\x05abc"),
        ("value missing", b"\x00\x01a"),
        ("literal without name", b"\x40"),
        ("end of string coded", b"\x00\x01a\x84\xff\xff\xff\xff"),
        ("padding of eight bits", b"\x00\x01a\x82\x1f\xff"),
        ("padding of zeros", b"\x00\x01a\x81\x18"),
        ("table over the limit", b"\x3f\xe2\x1f"),
        ("size update behind a field", b"\x82\x20"),
        ("nine size updates", b"\x20" * 9 + GOOD),
    ):
        yield Case(f"HPACK: {name}", frame("HEADERS", 1, block, END_HEADERS), COMPRESSION)
    broken = frame("HEADERS", 1, b"\xbe", END_HEADERS)
    reset = OPEN + frame("RST_STREAM", 1, number(8))
    yield Case("HPACK: broken on a reset stream", reset + broken, COMPRESSION)


def continuation_cases() -> Iterator[Case]:
    """RFC 9113 sections 6.10 and 6.2."""
    begun = frame("HEADERS", 1, GOOD[:5])
    more = frame("CONTINUATION", 1, GOOD[5:10])
    yield Case("CONTINUATION of nothing", frame("CONTINUATION", 1, GOOD, END_HEADERS), PROTOCOL)
    ended = OPEN + frame("CONTINUATION", 1, b"", END_HEADERS)
    yield Case("CONTINUATION of a whole block", ended, PROTOCOL)
    for name, other in (
        ("another stream's CONTINUATION", frame("CONTINUATION", 3, GOOD[5:], END_HEADERS)),
        ("CONTINUATION on stream 0", frame("CONTINUATION", 0, GOOD[5:], END_HEADERS)),
        ("HEADERS", headers(3)),
        ("its own HEADERS", headers(1)),
        ("DATA", data(1, b"x")),
        ("PING", frame("PING", 0, bytes(8))),
        ("SETTINGS", settings()),
        ("WINDOW_UPDATE", frame("WINDOW_UPDATE", 0, number(1))),
        ("RST_STREAM", frame("RST_STREAM", 1, number(8))),
        ("an unknown frame", frame(0x77, 0, b"x")),
    ):
        yield Case(f"header block interrupted by {name}", begun + other, PROTOCOL)
        yield Case(f"later interrupted by {name}", begun + more + other, PROTOCOL)
    flood = begun + frame("CONTINUATION", 1, b"") * 9
    yield Case("CONTINUATION flood, empty", flood, CALM)
    huge = frame("HEADERS", 1, bytes(16_384)) + frame("CONTINUATION", 1, bytes(16_384)) * 2
    yield Case("CONTINUATION flood, full", huge, CALM)
    yield Case(
        "CONTINUATION over the frame size", begun + frame("CONTINUATION", 1, bytes(16_385)), SIZE
    )


def header_bomb_cases() -> Iterator[Case]:
    """A few bytes that stand for many: the table's largest entry, over and over."""
    fill = b"\x40\x01a" + b"\x7f\xa1\x1e" + b"v" * 4000
    bomb = frame("HEADERS", 1, fill + b"\xbe" * 12_000, END_HEADERS)
    yield Case("header bomb", bomb, CALM)
    small = frame("HEADERS", 1, GOOD + b"\x90" * 4_000, END_HEADERS)
    yield Case("header bomb from the static table", small, CALM)


def control_cases() -> Iterator[Case]:
    """RFC 9113 sections 6.3 to 6.9."""
    yield Case("PRIORITY on stream 0", frame("PRIORITY", 0, bytes(5)), PROTOCOL)
    yield Case("PRIORITY of 4 bytes", OPEN + frame("PRIORITY", 1, bytes(4)), SIZE, 1)
    yield Case("RST_STREAM on stream 0", frame("RST_STREAM", 0, number(8)), PROTOCOL)
    yield Case("RST_STREAM on an idle stream", frame("RST_STREAM", 1, number(8)), PROTOCOL)
    yield Case("RST_STREAM on a stream of the server", frame("RST_STREAM", 2, number(8)), PROTOCOL)
    yield Case("RST_STREAM of 3 bytes", OPEN + frame("RST_STREAM", 1, bytes(3)), SIZE)
    yield Case("PUSH_PROMISE", OPEN + frame("PUSH_PROMISE", 1, number(2) + GOOD, 4), PROTOCOL)
    yield Case("PING on a stream", frame("PING", 1, bytes(8)), PROTOCOL)
    yield Case("PING of 7 bytes", frame("PING", 0, bytes(7)), SIZE)
    yield Case("PING of 9 bytes", frame("PING", 0, bytes(9)), SIZE)
    yield Case("ping flood", frame("PING", 0, bytes(8)) * 8, CALM)
    yield Case("GOAWAY on a stream", frame("GOAWAY", 1, bytes(8)), PROTOCOL)
    yield Case("GOAWAY of 7 bytes", frame("GOAWAY", 0, bytes(7)), SIZE)
    rising = frame("GOAWAY", 0, number(2) + number(0)) + frame("GOAWAY", 0, number(4) + number(0))
    yield Case("GOAWAY with a rising stream", rising, PROTOCOL)
    yield Case("unknown frame over the size", frame(0x77, 0, bytes(16_385)), SIZE)


def settings_cases() -> Iterator[Case]:
    """RFC 9113 section 6.5."""
    yield Case("SETTINGS on a stream", frame("SETTINGS", 1, b""), PROTOCOL)
    yield Case("SETTINGS of 5 bytes", frame("SETTINGS", 0, bytes(5)), SIZE)
    yield Case("SETTINGS that acknowledge and set", frame("SETTINGS", 0, bytes(6), 1), SIZE)
    yield Case("acknowledged what was not sent", SETTINGS_ACK, PROTOCOL)
    yield Case("push neither on nor off", settings((2, 2)), PROTOCOL)
    yield Case("initial window over 2^31-1", settings((4, 2**31)), FLOW)
    yield Case("frames too small", settings((5, 16_383)), PROTOCOL)
    yield Case("frames too large", settings((5, 2**24)), PROTOCOL)
    overflow = OPEN + frame("WINDOW_UPDATE", 1, number(2**31 - 1 - 65_535)) + settings((4, 65_536))
    yield Case("window of a stream pushed over 2^31-1", overflow, FLOW)
    yield Case("too many settings at once", settings(*[(9, 1)] * 33), CALM)
    windows = settings(*[(4, 1), (4, 2)] * 15)
    yield Case("initial window to and fro", windows * 4, CALM)
    yield Case("SETTINGS flood", settings() * 101, CALM)
    assert len(setting(1, 1)) == 6


def window_cases() -> Iterator[Case]:
    """RFC 9113 section 6.9."""
    update = "WINDOW_UPDATE"
    yield Case("increment 0", frame(update, 0, number(0)), PROTOCOL)
    yield Case("increment 0 behind the reserved bit", frame(update, 0, number(2**31)), PROTOCOL)
    yield Case("increment 0 on a stream", OPEN + frame(update, 1, number(0)), PROTOCOL, 1)
    yield Case("WINDOW_UPDATE on an idle stream", frame(update, 1, number(1)), PROTOCOL)
    yield Case("WINDOW_UPDATE of 3 bytes", frame(update, 0, bytes(3)), SIZE)
    over = number(2**31 - 65_535)
    yield Case("window over 2^31-1", frame(update, 0, over), FLOW)
    yield Case("window of a stream over 2^31-1", OPEN + frame(update, 1, over), FLOW, 1)
    twice = frame(update, 0, number(2**30)) * 2
    yield Case("window over 2^31-1 in two steps", twice, FLOW)


def flood_cases() -> Iterator[Case]:
    """Frames that are harmless alone (RFC 9113 section 10.5)."""
    many = range(1, 2 * 10_002, 2)
    rapid = b"".join(headers(i) + frame("RST_STREAM", i, number(8)) for i in many)
    yield Case("rapid reset", rapid, CALM)
    refused = b"".join(headers(i, without(b":path")) for i in many)
    yield Case("streams made to be reset", refused, CALM)
    yield Case("empty DATA flood", OPEN + data(1) * 1_001, CALM)
    padded = frame("DATA", 1, b"\x01\x00", PADDED)
    yield Case("DATA flood of padding only", OPEN + padded * 1_001, CALM)
    yield Case("PRIORITY flood", frame("PRIORITY", 1, bytes(5)) * 25_001, CALM)
    yield Case("unknown frame flood", frame(0x77, 1) * 25_001, CALM)
    yield Case("WINDOW_UPDATE flood", frame("WINDOW_UPDATE", 0, number(1)) * 25_001, CALM)
    late = OPEN + frame("RST_STREAM", 1, number(8)) * 25_002
    yield Case("RST_STREAM flood on one stream", late, CALM)
    goaways = frame("GOAWAY", 0, bytes(8)) * 25_001
    yield Case("GOAWAY flood", goaways, CALM)


def cases() -> list[Case]:
    """Return all of them, for a server."""
    return [
        *preface_cases(),
        *data_cases(),
        *length_cases(),
        *headers_cases(),
        *field_cases(),
        *compression_cases(),
        *continuation_cases(),
        *header_bomb_cases(),
        *control_cases(),
        *settings_cases(),
        *window_cases(),
        *flood_cases(),
    ]


def response_cases() -> list[Case]:
    """Return what a server may not send; stream 1 is a request without its end, 3 one with it."""
    answered = headers(1, RESPONSE)
    interim = ((b":status", b"103"),)
    return [
        Case("DATA before the response", data(1, b"x"), PROTOCOL, 1),
        Case("no status", headers(1, OK), PROTOCOL, 1),
        Case("a method in a response", headers(1, ((b":method", b"GET"), *RESPONSE)), PROTOCOL, 1),
        Case("status of two digits", headers(1, ((b":status", b"20"),)), PROTOCOL, 1),
        Case("status 999", headers(1, ((b":status", b"999"),)), PROTOCOL, 1),
        Case("two statuses", headers(1, (RESPONSE[0], *RESPONSE)), PROTOCOL, 1),
        Case("interim response that ends", headers(1, interim, end=True), PROTOCOL, 1),
        Case("trailers that do not end", answered + headers(1, OK), PROTOCOL, 1),
        Case("second response", answered + headers(1, RESPONSE, end=True), PROTOCOL, 1),
        Case("DATA after the end", headers(1, RESPONSE, end=True) + data(1, b"x"), CLOSED, 1),
        Case("DATA on a complete stream", headers(3, RESPONSE, end=True) + data(3, b"x"), CLOSED),
        Case("HEADERS on a complete stream", headers(3, RESPONSE, end=True) * 2, CLOSED),
        Case("response on an idle stream", headers(5, RESPONSE), PROTOCOL),
        Case("response on a stream of the server", headers(2, RESPONSE), PROTOCOL),
        Case("PUSH_PROMISE", frame("PUSH_PROMISE", 1, number(2) + GOOD, 4), PROTOCOL),
        Case("push switched on by a server", settings((2, 1)), PROTOCOL),
        Case("WINDOW_UPDATE on an idle stream", frame("WINDOW_UPDATE", 5, number(1)), PROTOCOL),
        Case("RST_STREAM on an idle stream", frame("RST_STREAM", 5, number(8)), PROTOCOL),
        Case(
            "less content than stated",
            headers(1, (*RESPONSE, (b"content-length", b"5"))) + data(1, b"1", end=True),
            PROTOCOL,
            1,
        ),
        Case(
            "a header list too long",
            headers(1, (*RESPONSE, *((b"x-%d" % i, b"v" * 90) for i in range(140)))),
            CALM,
            1,
        ),
    ]
