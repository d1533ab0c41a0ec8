"""Runs several nodes on one host: starts them, starts those that die again, and ends with them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from typing import Final

from ranvier.node.restarts import Restarts

STOP_SECONDS: Final = 30.0
"""Beside its grace, what a node that was told to stop has before it is killed."""

PROGRAM: Final = "ranvier.node.supervised_node"

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class SupervisedNode:
    """One node: its process, whichever that is now."""

    def __init__(self, number: int, flags: Sequence[str], pipe: int) -> None:
        """`pipe` is what the node reads: once its other end is gone, so is the supervisor."""
        self.number = number
        self.was_ready = asyncio.Event()
        self._command = (sys.executable, "-m", PROGRAM, str(pipe), *flags)
        self._pipe = pipe
        self._process: Process | None = None
        self._stopping = asyncio.Event()

    async def keep(self) -> int:
        """Run the node, again when it dies, until it is told to stop; return its last exit code."""
        loop = asyncio.get_running_loop()
        restarts = Restarts()
        while True:
            process = await self._start()
            ready_at = await self._until_ready(process)
            restarts = restarts if ready_at is None else restarts.ready()
            code = await process.wait()
            ready_seconds = 0.0 if ready_at is None else loop.time() - ready_at
            restarts = restarts.died(ready_seconds)
            seconds = restarts.seconds_to_wait()
            if self._stopping.is_set() or seconds is None:
                return code
            say(f"node {self.number} has ended ({code}); it is started again in {seconds:g} s.")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)
                return 0

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Tell the node to stop, and start it no more."""
        self._stopping.set()
        with contextlib.suppress(ProcessLookupError):
            if self._process is not None and self._process.returncode is None:
                self._process.send_signal(number)

    async def _start(self) -> Process:
        # In a session of its own, so that what the terminal sends comes by way of the supervisor.
        process = await asyncio.create_subprocess_exec(
            *self._command, stdout=PIPE, pass_fds=(self._pipe,), start_new_session=True
        )
        self._process = process
        if self._stopping.is_set():  # while it was being started
            process.terminate()
        return process

    async def _until_ready(self, process: Process) -> float | None:
        """Pass the ready line on; return when it came, None where the node ended before."""
        assert process.stdout is not None  # noqa: S101  # it was asked for
        line = await process.stdout.readline()
        if not line:
            return None
        # In one write: lines of several nodes do not mix.
        sys.stdout.write(line.decode())
        sys.stdout.flush()
        self.was_ready.set()
        return asyncio.get_running_loop().time()


async def supervise(flags: Sequence[Sequence[str]], grace_seconds: float) -> int:
    """Run nodes with these flags until all have ended.

    The first is ready before the others are started, for it lays out the database. Returns 0 where
    they were told to stop, 1 where one of them could not start; the others end with it.
    """
    read_end, write_end = os.pipe()
    try:
        nodes = [
            SupervisedNode(number, of_node, read_end) for number, of_node in enumerate(flags, 1)
        ]
        return await keep_all(nodes, grace_seconds)
    finally:
        os.close(write_end)
        os.close(read_end)


async def keep_all(nodes: Sequence[SupervisedNode], grace_seconds: float) -> int:
    """Keep the nodes until all have ended."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in STOP_SIGNALS:
        loop.add_signal_handler(each, asked.set)
    first = loop.create_task(nodes[0].keep())
    keeping: set[asyncio.Task[int]] = {first}
    stopping = loop.create_task(asked.wait())
    ready = loop.create_task(nodes[0].was_ready.wait())
    await asyncio.wait({first, stopping, ready}, return_when=asyncio.FIRST_COMPLETED)
    if nodes[0].was_ready.is_set() and not asked.is_set():
        keeping |= {loop.create_task(node.keep()) for node in nodes[1:]}
    await asyncio.wait({*keeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for node in nodes:
        node.stop()
    _, late = await asyncio.wait(keeping, timeout=grace_seconds + STOP_SECONDS)
    for node in nodes if late else ():
        node.stop(signal.SIGKILL)
    codes = await asyncio.gather(*keeping)
    for task in (stopping, ready):
        task.cancel()
    await asyncio.gather(stopping, ready, return_exceptions=True)
    return 0 if asked.is_set() and not any(codes) else 1


def say(sentence: str) -> None:
    """Tell the operator, beside what the nodes log."""
    sys.stderr.write(f"ranvier: {sentence}\n")
    sys.stderr.flush()
