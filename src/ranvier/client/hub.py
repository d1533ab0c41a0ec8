"""A connected hub: one object with a place for each thing that it does."""

from __future__ import annotations

import asyncio

from ranvier.client.codec import Codec
from ranvier.client.commands import Commands
from ranvier.client.connection import Connection
from ranvier.client.contexts import Contexts
from ranvier.client.dcb import DcbEvents
from ranvier.client.events import Events
from ranvier.client.message import MessageIds
from ranvier.client.persistent_streams import PersistentStreams
from ranvier.client.processors import Processors
from ranvier.client.queries import Queries
from ranvier.client.scheduler import Scheduler
from ranvier.client.snapshots import Snapshots


class Hub:
    """What a program does with a hub; made by `connect`."""

    def __init__(self, connection: Connection, codec: Codec) -> None:
        self.connection = connection
        self.codec = codec
        self.ids = MessageIds()
        self.commands = Commands(connection, codec, self.ids)
        self.queries = Queries(connection, codec, self.ids)
        self.streams = PersistentStreams(connection, codec)
        self.events = Events(connection, codec, self.streams)
        self.dcb = DcbEvents(connection, codec)
        self.snapshots = Snapshots(connection, codec)
        self.schedule = Scheduler(connection, codec)
        self.contexts = Contexts(connection)
        self.processors = Processors(connection)

    async def close(self) -> None:
        """Let handlers finish what they have begun; `connect` calls it at the end of its block."""
        await asyncio.gather(self.commands.close(), self.queries.close())
