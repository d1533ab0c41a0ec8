"""Commands of 256 B by the Python client: one process sends, another handles, 64 in flight.

`python -m bench.python_client [rounds]`. What is measured is CPU time of the client's processes, so
that the speed of the node between them does not matter.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import uvloop

import ranvier
from bench.figure import Figure, table
from bench.measured_node import Meter, measured_node
from ranvier.client import Hub, Payload

COMMAND = "bench.echo"
IN_FLIGHT = 64
COMMANDS = 20_000
CONTENT = Payload("bench.Content", b"x" * 256)


def figures(folder: Path, rounds: int = 3) -> list[Figure]:
    """Measure so many rounds and return the medians."""
    with measured_node(folder / "python-client") as (node, _):
        handler = subprocess.Popen(
            [sys.executable, "-m", "bench.python_client", "--handle", node.grpc_address],
            stdout=subprocess.PIPE,
        )
        try:
            assert handler.stdout is not None
            handler.stdout.readline()
            meter = Meter(handler.pid)
            measured = [uvloop.run(one_round(node.grpc_address, meter)) for _ in range(rounds + 1)][
                1:
            ]
        finally:
            handler.terminate()
            handler.communicate()
    sender, handling, per_second = (median(each) for each in zip(*measured, strict=True))
    return [
        Figure("Python client: CPU of the sender per command", sender * 1e6, "µs"),
        Figure("the same, CPU of the handler", handling * 1e6, "µs"),
        Figure("commands per second, sender, node and handler on two cores", per_second, "/s"),
    ]


async def one_round(address: str, handler: Meter) -> tuple[float, float, float]:
    """Return CPU seconds per command of sender and handler, and commands per second."""
    async with ranvier.connect(address) as hub:
        cpu, cpu_of_handler = time.process_time(), handler.cpu_seconds()
        began = time.perf_counter()
        await asyncio.gather(*(send(hub, COMMANDS // IN_FLIGHT) for _ in range(IN_FLIGHT)))
        seconds = time.perf_counter() - began
        sent = COMMANDS // IN_FLIGHT * IN_FLIGHT
        return (
            (time.process_time() - cpu) / sent,
            (handler.cpu_seconds() - cpu_of_handler) / sent,
            sent / seconds,
        )


async def send(hub: Hub, count: int) -> None:
    """Send commands, one after the other."""
    for _ in range(count):
        await hub.commands.send(COMMAND, CONTENT, result_type=Payload)


async def handle(address: str) -> None:
    """Handle commands until the process is ended."""
    async with ranvier.connect(address) as hub:

        @hub.commands.handler(COMMAND)
        def echo(content: Payload) -> Payload:
            return content

        await hub.commands.ready()
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--handle"]:
        uvloop.run(handle(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory(prefix="ranvier-bench-") as temporary:
            print(table(figures(Path(temporary), *map(int, sys.argv[1:2]))))
