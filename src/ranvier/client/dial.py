"""Finds the node to use: asks a routing server and goes where it says."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from ranvier.client.server_address import ServerAddress
from ranvier.client.settings import ConnectionSettings
from ranvier.proto import control_pb2
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.status import GrpcError, StatusCode

PLATFORM_SERVICE: Final = "io.axoniq.axonserver.grpc.control.PlatformService"
GET_PLATFORM_SERVER: Final = f"/{PLATFORM_SERVICE}/GetPlatformServer"
ANSWER_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Dialled:
    """A channel to the node that this client is to use."""

    channel: Channel
    address: ServerAddress
    has_platform: bool
    """False for a server without control streams: it is used as it is."""


async def dial(settings: ConnectionSettings, last_node: ServerAddress | None = None) -> Dialled:
    """Ask the routing servers, in random order, until one leads to a node.

    The node used last is asked after them: it may be reachable where none of the list is. Raises
    the GrpcError of the last server; one that refuses counts more than one that is silent.
    """
    servers = list(settings.servers.servers)
    random.shuffle(servers)
    if last_node is not None and last_node not in servers:
        servers.append(last_node)
    failure: GrpcError | None = None
    for server in servers:
        try:
            return await dial_by(server, settings)
        except GrpcError as error:
            if failure is None or failure.status is StatusCode.UNAVAILABLE:
                failure = error
    raise failure or GrpcError(StatusCode.UNAVAILABLE, "no server was named")


async def dial_by(server: ServerAddress, settings: ConnectionSettings) -> Dialled:
    """Ask one routing server; use its connection or dial the node that it names."""
    channel = await connected(server, settings)
    if settings.is_direct:
        return Dialled(channel, server, has_platform=False)
    try:
        named = await ask_for_node(channel, settings)
    except BaseException:
        await channel.close()
        raise
    if named is None:
        return Dialled(channel, server, has_platform=False)
    node = ServerAddress(named.primary.host_name, named.primary.grpc_port)
    if named.same_connection or not node.host or node == server:
        return Dialled(channel, server, has_platform=True)
    await channel.close()
    return Dialled(await connected(node, settings), node, has_platform=True)


async def connected(server: ServerAddress, settings: ConnectionSettings) -> Channel:
    """Return a channel to one server; GrpcError where none is to be had."""
    return await Channel.connect(
        server.host,
        server.port,
        tls=settings.tls,
        limits=settings.limits,
        server_name=settings.server_name,
    )


async def ask_for_node(
    channel: Channel, settings: ConnectionSettings
) -> control_pb2.PlatformInfo | None:
    """Return which node to use; None from a server that does not know the question."""
    try:
        answer = await channel.unary(
            GET_PLATFORM_SERVER,
            settings.identity.introduction().SerializeToString(),
            metadata=settings.metadata(),
            timeout_seconds=ANSWER_SECONDS,
        )
    except GrpcError as error:
        if error.status is StatusCode.UNIMPLEMENTED:
            return None
        raise
    return control_pb2.PlatformInfo.FromString(answer)
