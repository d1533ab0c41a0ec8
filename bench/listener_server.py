"""An application of a few lines behind the node's HTTP listener or its AJP listener.

Run it by `python -m bench.listener_server http` or `ajp`; it prints its port.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop

from bench.ajp import HTTP_END, SECRET
from ranvier.web.http_server import HttpAddress, HttpServer
from ranvier.web.open_streams import OpenStreams
from ranvier.wire.ajp.asgi import Receive, Scope, Send
from ranvier.wire.ajp.server import AjpServer

HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(HTTP_END))]


async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer everything alike."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": HTTP_END})


async def serve(kind: str) -> None:
    """Serve until terminated; print the port."""
    if kind == "ajp":
        port = await AjpServer(application, SECRET).listen("127.0.0.1", 0)
    else:
        server = HttpServer(application, HttpAddress("127.0.0.1", 0), OpenStreams())
        await server.start()
        port = server.port
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
