from __future__ import annotations

import asyncio

from ranvier.wire.flush import Flusher


class Counting:
    def __init__(self) -> None:
        self.flushes = 0

    def flush(self) -> None:
        self.flushes += 1


async def test_everything_touched_in_one_pass_is_flushed_once_at_its_end() -> None:
    loop = asyncio.get_running_loop()
    flusher, one, other = Flusher(loop), Counting(), Counting()
    loop.call_soon(flusher.touch, one)
    loop.call_soon(flusher.touch, other)
    await asyncio.sleep(0)
    assert (one.flushes, other.flushes) == (0, 0)
    await asyncio.sleep(0)
    assert (one.flushes, other.flushes) == (1, 1)
    await asyncio.sleep(0)
    assert (one.flushes, other.flushes) == (1, 1)


async def test_what_is_touched_while_flushing_is_flushed_in_the_next_pass() -> None:
    flusher, one = Flusher(asyncio.get_running_loop()), Counting()

    class Touching(Counting):
        def flush(self) -> None:
            super().flush()
            flusher.touch(one)

    first = Touching()
    flusher.touch(first)
    await asyncio.sleep(0)
    assert (first.flushes, one.flushes) == (1, 0)
    await asyncio.sleep(0)
    assert one.flushes == 1
