"""The echo server as a process of its own on uvloop: `python -m tests.support.wire_server`.

It prints its port and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import uvloop

from tests.support.wire_echo import serving

ROOT = Path(__file__).parents[2]


async def main() -> None:
    async with serving() as (_, _, port):
        print(port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


@contextlib.contextmanager
def server_process() -> Iterator[int]:
    """Run the server while the block runs; yields its port."""
    command = [sys.executable, "-m", "tests.support.wire_server"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()
        assert process.wait(60) == 0


if __name__ == "__main__":
    uvloop.run(main())
