"""A teller: a program that handles one kind of command until it is told to stop.

python -m examples.teller localhost:8124
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

import ranvier


async def serve(address: str) -> None:
    """Handle deposits, and answer which process has done it."""
    async with ranvier.connect(address, component_name="teller") as hub:

        @hub.commands.handler("deposit")
        async def deposit(amount: int) -> dict[str, int]:
            return {"amount": amount, "process": os.getpid()}

        await hub.commands.ready()
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(sys.argv[1]))
