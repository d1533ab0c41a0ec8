"""Echo servers to compare: `python -m bench.echo_server ranvier|grpcio`, prints its port."""

from __future__ import annotations

import asyncio
import gc
import sys

import grpc
import uvloop

from ranvier.wire.grpc.methods import unary, unary_callback
from ranvier.wire.grpc.server import GrpcServer
from ranvier.wire.grpc.server_call import ServerCall

SERVICE = "bench.Echo"


def main() -> None:
    """Serve until terminated."""
    kind = sys.argv[1]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if kind == "ranvier" else None) as loop:
        loop.run(serve_ranvier() if kind == "ranvier" else serve_grpcio())


async def serve_ranvier() -> None:
    """Serve by this package: `Unary` by a callback, `UnaryAsync` by a coroutine."""
    server = GrpcServer()
    server.add_service(SERVICE, {"Unary": unary_callback(reply), "UnaryAsync": unary(echo)})
    gc.freeze()
    print(await server.listen("127.0.0.1", 0), flush=True)
    await asyncio.Event().wait()


def reply(call: ServerCall, message: bytes) -> None:
    """Answer with what came."""
    call.reply(message)


async def echo(_call: ServerCall, message: bytes) -> bytes:
    """Return what came."""
    return message


async def serve_grpcio() -> None:
    """Serve by grpcio.aio, on raw bytes too."""

    async def answer(message: bytes, _context: object) -> bytes:
        return message

    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(answer)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, {"Unary": handler}),)
    )
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    main()
