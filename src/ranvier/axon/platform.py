"""PlatformService: tells clients which node to use, and holds the stream that steers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ranvier.axon.control_stream import ControlServices, ControlStream
from ranvier.axon.errors import grpc_error
from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.cluster.placement import PlacedClient
from ranvier.errors import RanvierError
from ranvier.proto import control_pb2
from ranvier.storage.context_catalogue import ContextCatalogue
from ranvier.wire.grpc.server_call import ServerCall


@dataclass(frozen=True, slots=True)
class PublishedNode:
    """What clients are told of this node: its name, and where they reach it."""

    name: str
    host_name: str
    """With its domain; it must be reachable by clients."""
    grpc_port: int
    http_port: int


class Platform:
    """The calls of the platform service."""

    def __init__(
        self,
        published: Callable[[], PublishedNode],
        control: ControlServices,
        contexts: ContextCatalogue,
        place: Callable[[PlacedClient], PublishedNode | None] = lambda _: None,
    ) -> None:
        """`published` is asked for each answer, since ports are known only when they are bound.

        `place` returns the other node that a client is to use; None: this one.
        """
        self.published = published
        self._place = place
        self._control = control
        self._contexts = contexts

    async def get_platform_server(self, call: ServerCall, message: bytes) -> bytes:
        """Answer which node to use; this one is used over the connection of the question.

        A context that does not exist is refused with AXONIQ-1302.
        """
        client = parsed(control_pb2.ClientIdentification, message)
        context = context_of(call)
        await self._contexts.describe(context)
        other = self._place(PlacedClient(client.client_id, context, dict(client.tags)))
        node = other or self.published()
        return control_pb2.PlatformInfo(
            primary=control_pb2.NodeInfo(
                host_name=node.host_name,
                grpc_port=node.grpc_port,
                http_port=node.http_port,
                node_name=node.name,
            ),
            same_connection=other is None,
        ).SerializeToString()

    def open_stream(self, call: ServerCall) -> ControlStream:
        """Return the listener of a new control stream; refused while the node stops."""
        try:
            return ControlStream(call, self._control)
        except RanvierError as error:
            raise grpc_error(error) from error
