"""A connected hub: one object with a place for each thing that it does."""

from __future__ import annotations

import asyncio

from ranvier.client.codec import Codec
from ranvier.client.commands import Commands
from ranvier.client.connection import Connection
from ranvier.client.message import MessageIds


class Hub:
    """What a program does with a hub; made by `connect`."""

    def __init__(self, connection: Connection, codec: Codec) -> None:
        self.connection = connection
        self.codec = codec
        self.ids = MessageIds()
        self.commands = Commands(connection, codec, self.ids)

    async def close(self) -> None:
        """Let handlers finish what they have begun; `connect` calls it at the end of its block."""
        await asyncio.gather(self.commands.close())
