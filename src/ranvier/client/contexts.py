"""The contexts of a hub: create, delete, look at, and learn of changes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ranvier.client.dcb_values import NO_TEXTS
from ranvier.client.typed_calls import Connection, TypedCalls
from ranvier.proto import admin_pb2
from ranvier.proto.google.protobuf.empty_pb2 import Empty

SERVICE: Final = "io.axoniq.axonserver.grpc.admin.ContextAdminService"
OWN_DATABASE: Final = "ranvier.database"
"""The property that names the database of a context to a Ranvier node."""

ChangeKind = Literal["created", "deleted", "updated"]
CHANGES: Final[Mapping[int, ChangeKind]] = {
    admin_pb2.CREATED: "created",
    admin_pb2.DELETED: "deleted",
    admin_pb2.UPDATED: "updated",
}


@dataclass(frozen=True, slots=True)
class ContextInfo:
    """A context: whether it is for DCB, its properties, and who hosts it."""

    name: str
    is_dcb: bool
    properties: Mapping[str, str]
    replication_group: str
    nodes: tuple[str, ...]
    is_changing: bool


@dataclass(frozen=True, slots=True)
class ContextChange:
    """What became of a context."""

    context: str
    kind: ChangeKind


class Contexts:
    """All contexts that the hub's server knows."""

    def __init__(self, connection: Connection) -> None:
        self._calls = TypedCalls(connection, SERVICE)

    async def create(
        self,
        name: str,
        *,
        dcb: bool = False,
        properties: Mapping[str, str] = NO_TEXTS,
        replication_group: str = "",
        database: str | None = None,
    ) -> None:
        """Create a context, for ever classic or for ever DCB; AlreadyExists.

        With the address of a PostgreSQL as `database` its events lie there: Ranvier alone has that.
        """
        own = {} if database is None else {OWN_DATABASE: database}
        request = admin_pb2.CreateContextRequest(
            name=name,
            dcbContext=dcb,
            meta_data={**properties, **own},
            replicationGroupName=replication_group,
        )
        await self._calls.carry_out("CreateContext", request)

    async def delete(self, name: str, *, keep_events: bool = False) -> None:
        """Delete a context; `keep_events` leaves its events on disk, where the server can."""
        request = admin_pb2.DeleteContextRequest(name=name, preserveEventStore=keep_events)
        await self._calls.carry_out("DeleteContext", request)

    async def get(self, name: str) -> ContextInfo:
        """Return what is known of a context; NotFound."""
        request = admin_pb2.GetContextRequest(name=name)
        return info_of(await self._calls.ask("GetContext", request, admin_pb2.ContextOverview))

    async def list(self) -> AsyncGenerator[ContextInfo, None]:
        """Yield every context."""
        async for each in self._calls.read("GetContexts", Empty(), admin_pb2.ContextOverview):
            yield info_of(each)

    async def update(self, name: str, properties: Mapping[str, str]) -> None:
        """Change properties of a context."""
        request = admin_pb2.UpdateContextPropertiesRequest(name=name, meta_data=dict(properties))
        await self._calls.carry_out("UpdateContextProperties", request)

    async def changes(self) -> AsyncGenerator[ContextChange, None]:
        """Yield what becomes of contexts from now on; ConnectionLost: some are missed."""
        updates = self._calls.read("SubscribeContextUpdates", Empty(), admin_pb2.ContextUpdate)
        async for update in updates:
            yield ContextChange(update.context, CHANGES[update.type])


def info_of(overview: admin_pb2.ContextOverview) -> ContextInfo:
    """Return a context as the wire has it."""
    group = overview.replicationGroup
    return ContextInfo(
        overview.name,
        overview.dcbContext,
        dict(overview.meta_data),
        group.name,
        tuple(member.node_name for member in group.members),
        overview.changePending,
    )
