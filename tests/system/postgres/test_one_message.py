"""Between lock and commit nothing waits for the node: the whole batch is one message."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ranvier.storage.postgres.database import PostgresDatabase
from tests.support.appends import store
from tests.support.databases import opened
from tests.support.new_events import new_event

FROM_NODE, FROM_SERVER = "node", "server"


class Recorder:
    """Stands between a node and its database and notes what passes on each connection."""

    def __init__(self, address: str) -> None:
        self._parts = urlsplit(address)
        self.notes: dict[str, list[tuple[str, bytes]]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        netloc = f"{self._parts.username}@127.0.0.1:{port}"
        return urlunsplit(self._parts._replace(netloc=netloc))

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.gather(*self._tasks)

    async def _connected(self, node: asyncio.StreamReader, to_node: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        hello = await node.read(1 << 16)
        if len(hello) == 8:  # a question for TLS, which the server answers with a letter
            to_server.write(hello)
            to_node.write(await server.readexactly(1))
            hello = await node.read(1 << 16)
        to_server.write(hello)
        kind = hello.split(b"application_name\0")[1].split(b"\0")[0].decode()
        notes = self.notes.setdefault(kind, [])
        for who, source, target in ((FROM_NODE, node, to_server), (FROM_SERVER, server, to_node)):
            task = asyncio.create_task(self._pass_on(who, source, target, notes))
            self._tasks.append(task)

    async def _pass_on(
        self,
        who: str,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        notes: list[tuple[str, bytes]],
    ) -> None:
        while chunk := await source.read(1 << 20):
            notes.append((who, chunk))
            target.write(chunk)
        target.close()


def message_types(stream: bytes) -> str:
    """The letters of the messages of PostgreSQL's protocol in a stream."""
    letters = ""
    while stream:
        letters += chr(stream[0])
        stream = stream[1 + int.from_bytes(stream[1:5], "big") :]
    return letters


async def test_an_append_is_one_message_that_ends_in_sync(address: str) -> None:
    recorder = Recorder(address)
    async with recorder as through:
        database = await opened(lambda _: PostgresDatabase(through), Path())
        # The first of each kind is prepared.
        await store(database, new_event("a", 0))
        await store(database, new_event("a", 1), new_event("a", 2))
        notes = recorder.notes["ranvier writer"]
        for first, end in ((3, 4), (4, 200)):
            notes.clear()
            await store(database, *(new_event("a", sequence) for sequence in range(first, end)))
            turns = [who for who, _ in notes]
            sent = b"".join(chunk for who, chunk in notes if who == FROM_NODE)
            # Bind, Execute, Sync; the server says nothing before it has all of it.
            assert message_types(sent) == "BES"
            assert turns == sorted(turns)
            assert turns.count(FROM_SERVER) == 1
        await database.stop()
