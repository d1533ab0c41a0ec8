"""Runs a node in the foreground: from its settings to the exit code."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from typing import Final

import uvloop

from ranvier.config.joined_cluster import forget_joined
from ranvier.config.shared_configuration import forget_kept
from ranvier.errors import RanvierError
from ranvier.node.life import NodeLife, Turn
from ranvier.node.node import Node
from ranvier.node.ready_line import ready_line
from ranvier.node.system_refusal import system_refusal
from ranvier.observability.logs import configure_logs
from ranvier.wire.errors import WireError

logger = logging.getLogger("ranvier.node")

GENERATION_ZERO_ALLOCATIONS: Final = 50_000
"""New objects between two runs of the collector: messages come and go without cycles, so that a run
for every 700 of them, the default, finds nothing."""

REFUSALS: Final = (RanvierError, WireError, OSError)
"""What a node that cannot start says in a sentence."""


def run_node(life: NodeLife, supervisor_pipe: int | None = None) -> int:
    """Run until SIGTERM or SIGINT; return 0, or 1 if the node could not start.

    It runs, too, no longer than the other end of `supervisor_pipe` is open.

    The ready line is printed on standard output, everything else is logged on standard error.
    """
    settings = life.settings
    configure_logs(settings.log.format, settings.log.level, node=settings.name)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(life, supervisor_pipe))
    except REFUSALS as error:
        sys.stderr.write(f"ranvier: {sentence_of(error)}\n")
        return 1
    return 0


async def serve(life: NodeLife, supervisor_pipe: int | None) -> None:
    """Start a node, say that it is ready, and stop it when the system asks.

    Where it joins or leaves a cluster, it starts again at the same ports.
    """
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, life.turn, Turn.STOP)
    if supervisor_pipe is not None:
        watch_supervisor(loop, supervisor_pipe, life)
    turn = Turn.STOP
    while True:
        node = await started(life, turn)
        if life.ports is None:
            life.ports = node.ports
            sys.stdout.write(f"{ready_line(life.settings.name, node.ports)}\n")
            sys.stdout.flush()
        gc.freeze()
        gc.set_threshold(GENERATION_ZERO_ALLOCATIONS)
        turn = await life.next_turn()
        gc.unfreeze()
        logger.info("The node was asked to stop.", extra={"action": "node.stopping"})
        await node.stop()
        if turn is Turn.STOP or not goes_on(life, turn):
            return


def watch_supervisor(loop: asyncio.AbstractEventLoop, pipe: int, life: NodeLife) -> None:
    """Ask the node to stop once its supervisor is no more, however it ended."""

    def ended() -> None:
        loop.remove_reader(pipe)
        life.turn(Turn.STOP)

    # Nothing is ever written there: it turns readable when its only writer has gone.
    loop.add_reader(pipe, ended)


async def started(life: NodeLife, turn: Turn) -> Node:
    """Start a node; where that fails in a cluster that it has just joined, start it alone."""
    try:
        node = Node(life.settings, life)
        await node.start()
    except REFUSALS as error:
        if turn is not Turn.JOIN:
            raise
        life.refusal = sentence_of(error)
        logger.error("The node could not start in the cluster: %s", life.refusal)  # one sentence
        forget_joined(life.settings.data)
        forget_kept(life.settings.data)
        life.read_again()
        return await started(life, Turn.STOP)
    return node


def goes_on(life: NodeLife, turn: Turn) -> bool:
    """Read the settings for another start; False for a node that is to leave and could not stay."""
    if turn is Turn.LEAVE:
        forget_joined(life.settings.data)
    # What was in force here was so among other nodes, or at this one alone.
    forget_kept(life.settings.data)
    life.read_again()
    if turn is Turn.LEAVE and life.settings.database.dsn is not None:
        logger.warning(
            "The node has left the cluster and ends: its own settings name the cluster's database,"
            " and it would join again.",
            extra={"action": "node.left"},
        )
        return False
    return True


def sentence_of(error: BaseException) -> str:
    """Return what a user is told."""
    return system_refusal(error) if isinstance(error, OSError) else str(error)
