"""Services of the Axon API that are refused on purpose, each with its reason.

A client is told UNIMPLEMENTED, which the Axon connectors read as "this server has no such thing".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor

from ranvier.proto import (
    admin_pb2,
    command_pb2,
    control_pb2,
    dcb_pb2,
    event_pb2,
    license_pb2,
    persistent_streams_pb2,
    query_pb2,
)
from ranvier.wire.grpc.methods import Method, streaming
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode

FILES: Final[tuple[FileDescriptor, ...]] = (
    control_pb2.DESCRIPTOR,
    command_pb2.DESCRIPTOR,
    query_pb2.DESCRIPTOR,
    event_pb2.DESCRIPTOR,
    dcb_pb2.DESCRIPTOR,
    persistent_streams_pb2.DESCRIPTOR,
    admin_pb2.DESCRIPTOR,
    license_pb2.DESCRIPTOR,
)
"""All files of the Axon API that declare services, in the order in which they are described."""

REASONS: Final[Mapping[str, str]] = {
    "EventTransformationService": "stored events are never changed by this version",
    "ReplicationGroupAdminService": (
        "there are no replication groups: every node serves every context of the shared database"
    ),
    "ApplicationAdminService": "applications have no tokens of their own yet; one is shared",
    "UserAdminService": "users are not kept yet",
    "AuthenticationService": "there are no users and applications to tell apart yet",
    "LicenseService": "Ranvier needs no licence",
}
"""Why a service is refused, as half a sentence, by the service's short name."""


def axon_services() -> Iterator[ServiceDescriptor]:
    """Yield every service of the Axon API, built or not."""
    for file in FILES:
        yield from file.services_by_name.values()


def refused_methods(service: ServiceDescriptor) -> Mapping[str, Method]:
    """Return the methods of a service in `REASONS`, each of which refuses every call."""
    refusal = Refusal(service.name, REASONS[service.name])
    return {method.name: streaming(refusal.open) for method in service.methods}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a call to one of these services gets, whatever its kind."""

    service: str
    reason: str

    def open(self, call: ServerCall) -> NoReturn:
        """Refuse the call."""
        raise GrpcError(
            StatusCode.UNIMPLEMENTED,
            f"{self.service}.{call.path.rpartition('/')[2]} is not offered: {self.reason}",
        )
