"""What a connection is made of: who connects, to whom, and how patiently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ranvier.client.reconnect import ReconnectDelays
from ranvier.client.server_address import ServerList
from ranvier.proto import control_pb2
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.tls import TlsFiles

CLIENT_VERSION = "4.6"
"""What is reported as version: servers send heartbeats and await results from this one on."""


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """Who a client says it is; `tags` are compared with a message's metadata when it is routed."""

    client_id: str
    component_name: str
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def introduction(self) -> control_pb2.ClientIdentification:
        """Return the message by which a client introduces itself."""
        return control_pb2.ClientIdentification(
            client_id=self.client_id,
            component_name=self.component_name,
            tags=dict(self.tags),
            version=CLIENT_VERSION,
        )


@dataclass(frozen=True, slots=True)
class HeartbeatSettings:
    """When the client asks for a sign of life, and how long it waits for one."""

    interval_seconds: float | None = 10.0
    """None: never."""
    timeout_seconds: float = 7.5


@dataclass(frozen=True, slots=True)
class HandlingSettings:
    """Bounds of what one hub handles at a time."""

    concurrency: int = 256
    """Commands, and apart from them queries, that coroutines work on at once; others wait."""
    permits: int = 5_000
    """Messages of each kind that the server may send ahead; refilled by quarters."""
    grace_seconds: float = 10.0
    """How long running handlers get to finish when the hub is closed."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Everything that a connection needs to know."""

    servers: ServerList
    identity: ClientIdentity
    context: str = "default"
    access_token: str | None = None
    tls: TlsFiles | None = None
    server_name: str | None = None
    """The name that the servers' certificates bear, where it is not their host name."""
    limits: GrpcLimits = field(default_factory=GrpcLimits)
    heartbeats: HeartbeatSettings = field(default_factory=HeartbeatSettings)
    handling: HandlingSettings = field(default_factory=HandlingSettings)
    delays: ReconnectDelays = field(default_factory=ReconnectDelays)
    is_direct: bool = False
    """Stay with the server named, and never go where it says; without a control stream."""
    connect_timeout_seconds: float = 10.0
    """How long the first connection may take, and how long a call waits for a new one."""

    def metadata(self) -> dict[str, str | bytes]:
        """Return what goes with every call."""
        metadata: dict[str, str | bytes] = {
            "AxonIQ-Context": self.context,
            "AxonIQ-ClientId": self.identity.client_id,
        }
        if self.access_token is not None:
            metadata["AxonIQ-Access-Token"] = self.access_token
        return metadata
