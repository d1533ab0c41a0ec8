"""A server that answers PING frames and nothing else, as barely as the event loop allows.

`python -m bench.bare_pings`, prints its port: what idle clients cost without HTTP/2 around it.
"""

from __future__ import annotations

import asyncio
from typing import cast

import uvloop

from bench.load_connection import ACK, DATA, HEAD, PING

ACKNOWLEDGED = HEAD.pack(1 << 8 | DATA, 0, 1) + b"!"
"""What a client takes for the answer to its registration."""
PING_HEAD = HEAD.pack(8 << 8 | PING, 0, 0)
ANSWER_HEAD = HEAD.pack(8 << 8 | PING, ACK, 0)


class BareConnection(asyncio.Protocol):
    """Acknowledges the first thing that it hears, and answers pings."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer."""
        if data.startswith(PING_HEAD):
            self._transport.write(ANSWER_HEAD + data[HEAD.size :])
        else:
            self._transport.write(ACKNOWLEDGED)


async def serve() -> None:
    """Serve until terminated."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(BareConnection, "127.0.0.1", 0, backlog=1_024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve())
