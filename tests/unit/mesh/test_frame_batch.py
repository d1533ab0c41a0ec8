from __future__ import annotations

import asyncio
from typing import Any, cast

from ranvier.mesh.frame_batch import FULL_BYTES, FrameBatch


class NotedStream:
    """Keeps what it was sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send_data(self, block: bytes) -> None:
        self.sent.append(block)


def batch_of(stream: NotedStream) -> FrameBatch:
    return FrameBatch(cast("Any", stream), asyncio.get_running_loop())


async def test_what_one_pass_adds_leaves_together() -> None:
    stream = NotedStream()
    batch = batch_of(stream)
    for text in (b"one", b"two"):
        batch.add(b"head ", text)
    assert stream.sent == []
    await asyncio.sleep(0)
    assert stream.sent == [b"head onehead two"]
    batch.add(b"", b"three")
    await asyncio.sleep(0)
    assert stream.sent[1:] == [b"three"]


async def test_much_leaves_at_once_and_in_order() -> None:
    stream = NotedStream()
    batch = batch_of(stream)
    batch.add(b"a", b"")
    batch.add(b"b", bytes(FULL_BYTES))
    assert stream.sent == [b"ab" + bytes(FULL_BYTES)]
    await asyncio.sleep(0)
    assert len(stream.sent) == 1


async def test_what_a_lost_link_was_to_send_is_forgotten() -> None:
    stream = NotedStream()
    batch = batch_of(stream)
    batch.add(b"a", b"")
    batch.drop()
    await asyncio.sleep(0)
    batch.flush()
    assert stream.sent == []
