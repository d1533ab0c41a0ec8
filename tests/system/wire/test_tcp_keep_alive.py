"""The system looks after silent peers on every connection, as the limits say."""

from __future__ import annotations

import socket

import pytest

from ranvier.wire.connection_limits import ConnectionLimits
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.server import GrpcServer
from tests.support.raw_http2 import raw_peer
from tests.support.wire_echo import path, serving

OPTIONS = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)


@pytest.mark.parametrize(
    ("seconds", "timeout_seconds", "found"),
    [(20.0, 10.0, (20, 5, 2)), (0.5, 1.0, (1, 5, 1)), (90.5, 12.0, (91, 5, 3))],
)
async def test_a_connection_is_kept_alive_by_the_system(
    seconds: float, timeout_seconds: float, found: tuple[int, ...]
) -> None:
    limits = ConnectionLimits(
        tcp_keep_alive_seconds=seconds, keep_alive_timeout_seconds=timeout_seconds
    )
    async with serving(GrpcLimits(connection=limits)) as (_, server, port), raw_peer(port) as peer:
        peer.call(1, path("Unary"), b"x")
        await peer.answer(1)
        connected = socket_of_the_link(server)
        assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert tuple(connected.getsockopt(socket.IPPROTO_TCP, each) for each in OPTIONS) == found


async def test_it_can_be_switched_off() -> None:
    limits = ConnectionLimits(tcp_keep_alive_seconds=None)
    async with serving(GrpcLimits(connection=limits)) as (_, server, port), raw_peer(port) as peer:
        peer.call(1, path("Unary"), b"x")
        await peer.answer(1)
        assert socket_of_the_link(server).getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0


def socket_of_the_link(server: GrpcServer) -> socket.socket:
    [link] = server.links()
    assert link.transport is not None
    connected: socket.socket = link.transport.get_extra_info("socket")
    return connected
