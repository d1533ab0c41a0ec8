"""The way in: from an address and a few options to a connected hub."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TypedDict, Unpack

from ranvier.client.codec import Codec, JsonCodec
from ranvier.client.connection import Connection
from ranvier.client.errors import InvalidRequest
from ranvier.client.hub import Hub
from ranvier.client.reconnect import ReconnectDelays
from ranvier.client.sending import check_options
from ranvier.client.server_address import server_list
from ranvier.client.settings import (
    ClientIdentity,
    ConnectionSettings,
    HandlingSettings,
    HeartbeatSettings,
)
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.metadata import header_pairs
from ranvier.wire.grpc.status import GrpcError
from ranvier.wire.tls import TlsFiles


class ConnectOptions(TypedDict, total=False):
    """What `connect` may be told beside the address."""

    context: str
    """Default: `default`."""
    component_name: str
    """The application; handlers of one name share its work. Default: `python`."""
    client_id: str | None
    """Must be unique among the clients of the hub. Default: component name and random digits."""
    tags: Mapping[str, str] | None
    """Compared with the metadata of messages when these are routed."""
    access_token: str | None
    tls: TlsFiles | None
    """Certificates; demanded and trusted by the system's authorities behind `grpcs://`."""
    server_name: str | None
    codec: Codec | None
    """Default: `JsonCodec()`."""
    handling: HandlingSettings | None
    """Bounds of what this client handles."""
    heartbeats: HeartbeatSettings | None
    reconnect: ReconnectDelays | None
    limits: GrpcLimits | None
    is_direct: bool
    """Stay with the server named even where it names another node, as behind a tunnel."""
    connect_timeout_seconds: float


@asynccontextmanager
async def connect(address: str, **options: Unpack[ConnectOptions]) -> AsyncIterator[Hub]:
    """Connect to `host:port`, or to the best node behind several, `host1:8124,host2:8124`.

    Raises HubUnreachable where no server answers in `connect_timeout_seconds`. At the end of the
    block handlers finish what they have begun, and the connection is closed.
    """
    connection = Connection(connection_settings(address, options))
    try:
        await connection.start()
        hub = Hub(connection, options.get("codec") or JsonCodec())
        try:
            yield hub
        finally:
            await hub.close()
    finally:
        await connection.close()


def connection_settings(address: str, options: ConnectOptions) -> ConnectionSettings:
    """Return the settings that an address and options stand for."""
    check_options(options, ConnectOptions)
    servers = server_list(address)
    component_name = options.get("component_name") or "python"
    identity = ClientIdentity(
        options.get("client_id") or f"{component_name}-{uuid.uuid4().hex[:12]}",
        component_name,
        dict(options.get("tags") or {}),
    )
    tls = options.get("tls")
    settings = ConnectionSettings(
        servers=servers,
        identity=identity,
        context=options.get("context") or "default",
        access_token=options.get("access_token"),
        tls=TlsFiles() if tls is None and servers.is_secure else tls,
        server_name=options.get("server_name"),
        limits=options.get("limits") or GrpcLimits(),
        heartbeats=options.get("heartbeats") or HeartbeatSettings(),
        handling=options.get("handling") or HandlingSettings(),
        delays=options.get("reconnect") or ReconnectDelays(),
        is_direct=options.get("is_direct", False),
        connect_timeout_seconds=options.get("connect_timeout_seconds", 10.0),
    )
    try:
        header_pairs(settings.metadata())
    except GrpcError as problem:
        raise InvalidRequest(problem.message) from None
    return settings
