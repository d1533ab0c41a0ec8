"""Runs a node in the foreground: from its settings to the exit code."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys

import uvloop

from ranvier.config.settings import Settings
from ranvier.errors import RanvierError
from ranvier.node.node import Node
from ranvier.node.ready_line import ready_line
from ranvier.node.system_refusal import system_refusal
from ranvier.observability.logs import configure_logs
from ranvier.wire.errors import WireError

logger = logging.getLogger("ranvier.node")

GENERATION_ZERO_ALLOCATIONS = 50_000
"""New objects between two runs of the collector: messages come and go without cycles, so that a run
for every 700 of them, the default, finds nothing."""


def run_node(settings: Settings, supervisor_pipe: int | None = None) -> int:
    """Run until SIGTERM or SIGINT; return 0, or 1 if the node could not start.

    It runs, too, no longer than the other end of `supervisor_pipe` is open.

    The ready line is printed on standard output, everything else is logged on standard error.
    """
    configure_logs(settings.log.format, settings.log.level, node=settings.name)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings, supervisor_pipe))
    except (RanvierError, WireError) as error:
        sys.stderr.write(f"ranvier: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"ranvier: {system_refusal(error)}\n")
        return 1
    return 0


async def serve(settings: Settings, supervisor_pipe: int | None) -> None:
    """Start a node, say that it is ready, and stop it when the system asks."""
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, asked_to_stop.set)
    if supervisor_pipe is not None:
        watch_supervisor(loop, supervisor_pipe, asked_to_stop)
    node = Node(settings)
    await node.start()
    gc.freeze()
    gc.set_threshold(GENERATION_ZERO_ALLOCATIONS)
    sys.stdout.write(f"{ready_line(settings.name, node.ports)}\n")
    sys.stdout.flush()
    await asked_to_stop.wait()
    logger.info("The node was asked to stop.", extra={"action": "node.stopping"})
    await node.stop()


def watch_supervisor(
    loop: asyncio.AbstractEventLoop, pipe: int, asked_to_stop: asyncio.Event
) -> None:
    """Ask the node to stop once its supervisor is no more, however it ended."""

    def ended() -> None:
        loop.remove_reader(pipe)
        asked_to_stop.set()

    # Nothing is ever written there: it turns readable when its only writer has gone.
    loop.add_reader(pipe, ended)
