"""Sequences of valid frames, made at random, that any HTTP/2 server must read alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hpack import Encoder
from hypothesis import strategies as st

from ranvier.wire.http2.headers import HeaderPairs
from tests.support.http2_peer import HELLO, SETTINGS_ACK, frame, number, settings

DATA_BYTES_MAX = 60_000
"""Less than the default window, so that no updates are needed for a script to be valid."""

STEPS = ["open"] * 3 + ["data"] * 4
STEPS += ["trailers", "reset", "ping", "settings", "update", "other", "table"]

methods = st.sampled_from([b"GET", b"POST", b"PUT", b"x-odd"])
paths = st.sampled_from([b"/", b"/a/b?c=d", b"/%20", b"/" + b"long" * 40])
extra = st.lists(
    st.tuples(
        st.sampled_from([b"x-a", b"te", b"cookie", b"user-agent", b"accept-encoding", b"n"]),
        st.sampled_from([b"trailers"]) | st.from_regex(rb"[a-zA-Z0-9 ]{0,20}", fullmatch=True),
    ),
    max_size=5,
)
steps = st.lists(
    st.tuples(
        st.sampled_from(STEPS),
        st.integers(0, 2**16),
        st.integers(0, 2**16),
        st.booleans(),
    ),
    min_size=1,
    max_size=60,
)


@dataclass
class Script:
    """Frames so far, and what a client must know to go on in a valid way."""

    frames: list[bytes] = field(default_factory=lambda: [HELLO, SETTINGS_ACK])
    encoder: Encoder = field(default_factory=Encoder)
    open_ids: list[int] = field(default_factory=list)
    next_id: int = 1
    data_bytes: int = 0
    table_changes: int = 0

    def block(self, stream_id: int, pairs: HeaderPairs, *, end: bool, shape: int) -> None:
        """Add HEADERS, with padding, priority and CONTINUATION as the shape says."""
        self.table_changes = 0
        block = self.encoder.encode(
            [(name, value, shape & 64 == 0 and name == b"cookie") for name, value in pairs],
            huffman=bool(shape & 32),
        )
        pieces = [block]
        if shape & 1:
            pieces = [block[:3], block[3:7], block[7:]]
        flags = (0x1 if end else 0) | (0x4 if len(pieces) == 1 else 0)
        first = pieces[0]
        if shape & 2:
            first = (b"\x80" if shape & 8 else b"\0") + number(0)[1:] + b"\x10" + first
            flags |= 0x20
        if shape & 4:
            first = bytes((shape % 50,)) + first + bytes(shape % 50)
            flags |= 0x8
        self.frames.append(frame("HEADERS", stream_id, first, flags))
        for left, piece in zip(range(len(pieces) - 2, -1, -1), pieces[1:], strict=True):
            self.frames.append(frame("CONTINUATION", stream_id, piece, 0 if left else 0x4))

    def open(self, pairs: HeaderPairs, *, end: bool, shape: int) -> None:
        """Add a request."""
        stream_id = self.next_id
        self.next_id += 2 + 2 * (shape % 7 == 0)
        if not end:
            self.open_ids.append(stream_id)
        self.block(stream_id, pairs, end=end, shape=shape)

    def data(self, stream_id: int, size: int, *, end: bool, shape: int) -> None:
        """Add DATA as far as the window reaches."""
        padding = shape % 20 if shape & 1 else 0
        size = min(size % 9_000, DATA_BYTES_MAX - self.data_bytes - padding - 1)
        if size <= 0 and not end:
            return
        payload = (number(shape) * (max(size, 0) // 4 + 1))[: max(size, 0)]
        self.data_bytes += len(payload) + padding + 1
        flags = 0x1 if end else 0
        if shape & 1:
            payload = bytes((padding,)) + payload + bytes(padding)
            flags |= 0x8
        self.frames.append(frame("DATA", stream_id, payload, flags))
        if end:
            self.open_ids.remove(stream_id)


def add_step(script: Script, step: tuple[str, int, int, bool], pairs: HeaderPairs) -> None:
    """Add what one step stands for, if it is valid now."""
    what, one, other, end = step
    stream_id = script.open_ids[one % len(script.open_ids)] if script.open_ids else 0
    if what == "open":
        script.open(pairs, end=end, shape=one)
    elif what == "ping":
        script.frames.append(frame("PING", 0, number(one) * 2, other & 1))
    elif what == "settings":
        known = [(1, 0), (1, 4096), (3, one), (4, one), (5, 16_384 + one), (6, one), (77, one)]
        script.frames.append(settings(*known[other % 7 :]))
    elif what == "update":
        script.frames.append(frame("WINDOW_UPDATE", stream_id, number(1 + one)))
    elif what == "other":
        script.frames.append(frame(other % 4 + 0x20, one, b"?" * (other % 40), one & 0xFF))
    elif what == "table" and script.table_changes < 8:
        script.table_changes += 1
        script.encoder.header_table_size = one % 4097
    elif stream_id and what == "data":
        script.data(stream_id, other, end=end, shape=one)
    elif stream_id and what == "trailers":
        script.open_ids.remove(stream_id)
        script.block(
            stream_id,
            ((b"n", b"v"), (b"checksum", number(other).hex().encode())),
            end=True,
            shape=one,
        )
    elif stream_id and what == "reset":
        script.open_ids.remove(stream_id)
        script.frames.append(frame("RST_STREAM", stream_id, number(other % 16)))


@st.composite
def scripts(draw: Any) -> bytes:
    """Draw the bytes of a whole script."""
    script = Script()
    for step in draw(steps):
        pairs: list[tuple[bytes, bytes]] = []
        if step[0] == "open":
            pairs = [(b":method", draw(methods)), (b":scheme", b"http"), (b":path", draw(paths))]
            pairs.append((b":authority", b"localhost"))
            pairs += [(n, v.strip() if n != b"te" else b"trailers") for n, v in draw(extra)]
        add_step(script, step, tuple(pairs))
    return b"".join(script.frames)
