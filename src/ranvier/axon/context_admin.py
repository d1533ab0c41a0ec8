"""ContextAdminService: contexts are created, changed, deleted, described and watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ranvier.axon.answering import answering_many, answering_one
from ranvier.axon.errors import grpc_error
from ranvier.axon.messages import parsed
from ranvier.errors import RanvierError
from ranvier.proto import admin_pb2
from ranvier.services.administer_contexts import (
    AdministerContexts,
    ContextChange,
    ContextChangeKind,
)
from ranvier.services.errors import ReaderTooSlow
from ranvier.storage.context_catalogue import ContextDescription
from ranvier.wire.grpc.methods import Method, streaming
from ranvier.wire.grpc.server_call import ServerCall

CONTEXT_ADMIN: Final = "io.axoniq.axonserver.grpc.admin.ContextAdminService"

QUEUED_BYTES: Final = 64 * 1024
"""Changes that wait for a watcher above which its stream ends: some thousands."""

UPDATE_TYPES: Final[Mapping[ContextChangeKind, admin_pb2.ContextUpdateType]] = {
    ContextChangeKind.CREATED: admin_pb2.CREATED,
    ContextChangeKind.UPDATED: admin_pb2.UPDATED,
    ContextChangeKind.DELETED: admin_pb2.DELETED,
}

OWN_DATABASE: Final = "ranvier.database"
"""The property by which a context is created whose events lie in another database."""


class ContextAdmin:
    """The calls of the service; `nodes` gives name and host of all that serve every context."""

    def __init__(
        self, contexts: AdministerContexts, nodes: Callable[[], Iterable[tuple[str, str]]]
    ) -> None:
        self._contexts = contexts
        self._nodes = nodes

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by their short names."""
        return {
            "CreateContext": answering_many(self.create),
            "UpdateContextProperties": answering_many(self.change_properties),
            "DeleteContext": answering_many(self.delete),
            "GetContext": answering_one(self.describe),
            "GetContexts": answering_many(self.list_all),
            "SubscribeContextUpdates": streaming(self.watch),
        }

    async def create(self, _call: ServerCall, message: bytes) -> None:
        """Create a context; the replication group that is named stands for nothing here.

        The property `ranvier.database` is the address of a database of its own, and is not kept.
        """
        request = parsed(admin_pb2.CreateContextRequest, message)
        properties = dict(request.meta_data)
        database = properties.pop(OWN_DATABASE, None)
        await self._contexts.create(
            request.name, dcb=request.dcbContext, properties=properties, database=database
        )

    async def change_properties(self, _call: ServerCall, message: bytes) -> None:
        """Set the properties that are named; an empty value takes one away."""
        request = parsed(admin_pb2.UpdateContextPropertiesRequest, message)
        await self._contexts.change_properties(request.name, dict(request.meta_data))

    async def delete(self, _call: ServerCall, message: bytes) -> None:
        """Delete a context with its events; keeping them is refused."""
        request = parsed(admin_pb2.DeleteContextRequest, message)
        await self._contexts.delete(request.name, preserve_events=request.preserveEventStore)

    async def describe(self, _call: ServerCall, message: bytes) -> bytes:
        """Describe one context."""
        request = parsed(admin_pb2.GetContextRequest, message)
        return self._overview(await self._contexts.describe(request.name))

    async def list_all(self, call: ServerCall, _message: bytes) -> None:
        """Describe every context, by name."""
        for description in await self._contexts.all():
            await call.write(self._overview(description))

    def watch(self, call: ServerCall) -> ContextWatch:
        """Return the listener of a call that is told of every change until it ends."""
        try:
            return ContextWatch(call, self._contexts)
        except RanvierError as error:
            raise grpc_error(error) from error

    def _overview(self, description: ContextDescription) -> bytes:
        return admin_pb2.ContextOverview(
            name=description.name,
            replicationGroup=admin_pb2.ReplicationGroupOverview(
                name=description.name,
                members=[
                    admin_pb2.ReplicationGroupMember(
                        node_name=name, host=host, role=admin_pb2.ROLE_PRIMARY
                    )
                    for name, host in self._nodes()
                ],
                contexts=[description.name],
            ),
            meta_data=dict(description.properties),
            dcbContext=description.dcb,
        ).SerializeToString()


class ContextWatch:
    """One stream of changes; it ends for a client that does not read it."""

    def __init__(self, call: ServerCall, contexts: AdministerContexts) -> None:
        """Begin to watch, and let the client know that it stands; raises `NodeStopping`."""
        self._call = call
        self._contexts = contexts
        contexts.watch(self)
        call.start()

    def message_received(self, message: bytes) -> None:
        """Do nothing: the question has no content."""

    def half_closed(self) -> None:
        """Do nothing: the client has asked, and listens."""

    def writable(self) -> None:
        """Do nothing: what waits is bounded and written by itself."""

    def cancelled(self) -> None:
        """Stop watching: nobody listens any more."""
        self._contexts.unwatch(self)

    def context_changed(self, change: ContextChange) -> None:
        """Tell the client, or let it go if it does not read."""
        if self._call.queued_bytes > QUEUED_BYTES:
            self.ended(ReaderTooSlow())
            return
        update = admin_pb2.ContextUpdate(context=change.context, type=UPDATE_TYPES[change.kind])
        self._call.send(update.SerializeToString())

    def ended(self, error: RanvierError) -> None:
        """End the stream and tell why."""
        self._contexts.unwatch(self)
        self._call.finish(grpc_error(error))
