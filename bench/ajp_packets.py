"""The web server's side of AJP: makes requests and reads answers, for load and for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ranvier.wire.ajp import codes

METHOD_CODES = {name: code for code, name in codes.METHODS.items()}
HEADER_CODES = {name: code for code, name in codes.REQUEST_HEADERS.items()}
CPING_PACKET = b"\x12\x34\x00\x01\x0a"
EMPTY_PACKET = b"\x12\x34\x00\x00"
EMPTY_PART = b"\x12\x34\x00\x02\x00\x00"
"""The two ways in which web servers end a body of unknown length: mod_jk's, mod_proxy_ajp's."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A request as a web server would forward it."""

    method: str = "GET"
    uri: bytes = b"/"
    protocol: bytes = b"HTTP/1.1"
    remote_address: bytes | None = b"192.0.2.7"
    remote_host: bytes | None = None
    server_name: bytes | None = b"www.example.org"
    server_port: int = 80
    is_tls: bool = False
    headers: Iterable[tuple[bytes, bytes]] = ()
    coded: Mapping[int, bytes] = field(default_factory=dict)
    named: Mapping[bytes, bytes] = field(default_factory=dict)
    tls_key_bits: int | None = None


def forward_request(request: Forwarded) -> bytes:
    """Return the whole packet of a request."""
    method = METHOD_CODES.get(request.method, codes.STORED_METHOD)
    coded = dict(request.coded)
    if method == codes.STORED_METHOD:
        coded.setdefault(codes.STORED_METHOD_NAME, request.method.encode())
    headers = list(request.headers)
    parts = [bytes([codes.FORWARD_REQUEST, method])]
    parts += [string(request.protocol), string(request.uri), string(request.remote_address)]
    parts += [string(request.remote_host), string(request.server_name)]
    parts += [number(request.server_port), bytes([request.is_tls]), number(len(headers))]
    for name, value in headers:
        code = HEADER_CODES.get(name.lower())
        parts += [string(name) if code is None else number(code), string(value)]
    parts += [bytes([code]) + string(value) for code, value in coded.items()]
    for name, value in request.named.items():
        parts.append(bytes([codes.NAMED_ATTRIBUTE]) + string(name) + string(value))
    if request.tls_key_bits is not None:
        parts.append(bytes([codes.SSL_KEY_SIZE]) + number(request.tls_key_bits))
    return packet(b"".join([*parts, bytes([codes.ARE_DONE])]))


def packet(payload: bytes) -> bytes:
    """Return what a web server sends around a payload."""
    return codes.TO_NODE + number(len(payload)) + payload


def body_part(body: bytes) -> bytes:
    """Return the packet that carries a part of a request's body."""
    return packet(number(len(body)) + body)


def string(text: bytes | None) -> bytes:
    """Return a string as AJP writes it."""
    return b"\xff\xff" if text is None else number(len(text)) + text + b"\x00"


def number(value: int) -> bytes:
    """Return a number as AJP writes it."""
    return value.to_bytes(2, "big")


@dataclass(slots=True)
class Answer:
    """What a node has sent for one request."""

    status: int = 0
    reason: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    flushes: int = 0
    is_reusable: bool = False

    def header(self, name: bytes) -> bytes:
        """Return the value of a header, or nothing."""
        return next((value for found, value in self.headers if found == name), b"")

    def take_head(self, payload: bytes) -> None:
        """Read a packet with status and headers."""
        reader = Reader(payload, 1)
        self.status, self.reason = reader.number(), reader.string()
        self.headers = [(reader.name(), reader.string()) for _ in range(reader.number())]
        assert reader.position == len(payload)

    def take_part(self, payload: bytes) -> None:
        """Read a packet with a part of the body."""
        body = Reader(payload, 1).string()
        self.flushes += not body
        self.body += body


@dataclass(slots=True)
class Reader:
    """Reads numbers and strings of a packet one after the other."""

    payload: bytes
    position: int = 0

    def number(self) -> int:
        """Read a number."""
        start, self.position = self.position, self.position + 2
        return int.from_bytes(self.payload[start : self.position], "big")

    def string(self) -> bytes:
        """Read a string."""
        size = self.number()
        start, self.position = self.position, self.position + size + 1
        assert self.payload[self.position - 1] == 0
        return self.payload[start : self.position - 1]

    def name(self) -> bytes:
        """Read the name of a header, coded or not."""
        code = int.from_bytes(self.payload[self.position : self.position + 2], "big")
        if code < codes.CODED_NAME:
            return self.string()
        return codes.RESPONSE_HEADERS[self.number()]
