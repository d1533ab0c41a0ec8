"""One AJP connection without its socket: packets in, events out, and whose turn it is."""

from __future__ import annotations

from typing import Final, NamedTuple

from ranvier.wire.ajp import codes
from ranvier.wire.ajp.errors import ProtocolFault, RequestRefused
from ranvier.wire.ajp.limits import AjpLimits
from ranvier.wire.ajp.request import Request
from ranvier.wire.ajp.request_reader import read_request
from ranvier.wire.ajp.response_packets import (
    DATA_FRAME_BYTES,
    END_AND_CLOSE,
    END_AND_REUSE,
    get_body_chunk,
)


class BodyPart(NamedTuple):
    """A part of the body of the request that is being handled."""

    body: bytes
    is_last: bool


class Probe(NamedTuple):
    """The web server asks whether the node is there (CPing)."""


class ClientGone(NamedTuple):
    """The body ends before its announced length: the web server's client has left."""


Event = Request | BodyPart | Probe | ClientGone

PROBE: Final = Probe()
CLIENT_GONE: Final = ClientGone()
UNKNOWN_LENGTH: Final = -1


class Connection:
    """Reads what one web server sends; requests follow each other, never side by side.

    After `end_response` the next request may come. What is due next decides what bytes mean: a
    packet with a part of a body bears no code.
    """

    __slots__ = ("_awaits_body", "_is_busy", "_limits", "_missing_bytes", "_rest")

    def __init__(self, limits: AjpLimits) -> None:
        self._limits = limits
        self._rest = bytearray()
        self._is_busy = False
        self._awaits_body = False
        self._missing_bytes = 0

    @property
    def is_busy(self) -> bool:
        """Whether a request waits for the end of its answer."""
        return self._is_busy

    @property
    def is_within_packet(self) -> bool:
        """Whether a part of a packet has come."""
        return bool(self._rest)

    @property
    def awaits_body(self) -> bool:
        """Whether a part of a body is on its way, asked for or not."""
        return self._awaits_body

    @property
    def has_more_body(self) -> bool:
        """Whether the request has body that did not come yet."""
        return self._missing_bytes != 0

    def receive_data(self, data: bytes) -> list[Event]:
        """Return what these bytes mean; raises `ProtocolFault` or `RequestRefused`."""
        if self._rest:
            self._rest += data
            if not self._is_whole(self._rest):
                return []
            data = bytes(self._rest)
            self._rest.clear()
        events: list[Event] = []
        position, size = 0, len(data)
        while size - position >= codes.PACKET_HEAD_BYTES:
            end = position + self._packet_length(data, position)
            if end > size:
                break
            event = self._packet(data[position + codes.PACKET_HEAD_BYTES : end])
            if event is not None:
                events.append(event)
            position = end
        if position < size:
            self._rest += data[position:]
        return events

    def ask_for_body(self) -> bytes:
        """Return the packet that asks for the next part of the body."""
        if self._awaits_body or not self._missing_bytes:
            raise ProtocolFault("there is no part of a body to ask for")
        self._awaits_body = True
        most = min(self._limits.packet_bytes - DATA_FRAME_BYTES, 0xFFFF)
        if self._missing_bytes == UNKNOWN_LENGTH:
            return get_body_chunk(most)
        return get_body_chunk(min(most, self._missing_bytes))

    def end_response(self, *, reuse: bool) -> bytes:
        """Return the packet that ends the answer; a part of a body still due is swallowed."""
        self._is_busy = False
        self._missing_bytes = 0
        return END_AND_REUSE if reuse else END_AND_CLOSE

    def _is_whole(self, data: bytes | bytearray) -> bool:
        if len(data) < codes.PACKET_HEAD_BYTES:
            return False
        return len(data) >= self._packet_length(data, 0)

    def _packet_length(self, data: bytes | bytearray, position: int) -> int:
        """Return how long the packet is that begins here, with its head."""
        if data[position : position + 2] != codes.TO_NODE:
            raise ProtocolFault("the bytes are no AJP packet")
        length = (data[position + 2] << 8 | data[position + 3]) + codes.PACKET_HEAD_BYTES
        if length > self._limits.packet_bytes:
            raise RequestRefused(
                400,
                f"The AJP packet has {length} bytes and may have {self._limits.packet_bytes}:"
                " give the web server and the node the same packet size.",
            )
        return length

    def _packet(self, payload: bytes) -> Event | None:
        if self._awaits_body:
            return self._body_part(payload)
        if self._is_busy or not payload:
            raise ProtocolFault("a packet came out of turn")
        code = payload[0]
        if code == codes.FORWARD_REQUEST:
            return self._request(payload)
        if code == codes.CPING and len(payload) == 1:
            return PROBE
        # Among them SHUTDOWN: a node is stopped by those who run it.
        raise ProtocolFault(f"a packet of the unknown kind {code} came")

    def _request(self, payload: bytes) -> Request:
        request = read_request(payload, self._limits)
        self._is_busy = True
        if request.is_chunked:
            self._missing_bytes = UNKNOWN_LENGTH
        elif request.content_length:
            self._missing_bytes = request.content_length
            # The first part of a body whose length is known comes unasked.
            self._awaits_body = True
        return request

    def _body_part(self, payload: bytes) -> Event | None:
        self._awaits_body = False
        body = _body_of(payload)
        if not self._is_busy:
            return None
        if not body:
            # mod_jk ends a body by an empty packet, mod_proxy_ajp by a part of no bytes.
            is_complete = self._missing_bytes == UNKNOWN_LENGTH
            self._missing_bytes = 0
            return BodyPart(b"", is_last=True) if is_complete else CLIENT_GONE
        if self._missing_bytes != UNKNOWN_LENGTH:
            if len(body) > self._missing_bytes:
                raise ProtocolFault("a body is longer than announced")
            self._missing_bytes -= len(body)
        return BodyPart(body, is_last=self._missing_bytes == 0)


def _body_of(payload: bytes) -> bytes:
    if not payload:
        return b""
    if len(payload) < 2 or payload[0] << 8 | payload[1] != len(payload) - 2:
        raise ProtocolFault("a part of a body has another length than it says")
    return payload[2:]
