"""`/v1/components`: which applications are connected, and what they handle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Path

from ranvier.services.cluster_clients import ClusterClients, RemoteClient
from ranvier.services.topology import Registration, Topology
from ranvier.web.camel_model import CamelModel
from ranvier.web.dependencies import NodeFacts
from ranvier.web.parameters import ContextName

Component = Annotated[str, Path(description="The name that clients register as their component.")]


class ShownClient(CamelModel):
    """A client with a control stream: one instance of a component."""

    name: str
    component_name: str
    context: str
    version: str
    axon_server: str
    tags: dict[str, str]


class ShownCommand(CamelModel):
    """A command that a component handles."""

    name: str


class ShownQuery(CamelModel):
    """A query that a component answers."""

    name: str
    result_types: list[str]


class ComponentsResource:
    """Answers from the connected clients and their handlers."""

    def __init__(
        self, clients: ClusterClients, topology: Topology, node: Callable[[], NodeFacts]
    ) -> None:
        self._clients = clients
        self._topology = topology
        self._node = node

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        for path, summary, handler in (
            ("clients", "The connected clients", self.clients),
            ("clientIds", "The ids of the connected clients", self.client_ids),
            ("{component}/instances", "The clients of a component", self.instances),
            ("{component}/commands", "The commands of a component", self.commands),
            ("{component}/queries", "The queries of a component", self.queries),
        ):
            app.get(f"/v1/components/{path}", tags=["components"], summary=summary)(handler)

    async def clients(self, context: ContextName) -> list[ShownClient]:
        """Return the clients of a context: this node's in the order of coming, then the others'."""
        own_name = self._node().name
        return [
            ShownClient(
                name=client.identity.client_id,
                component_name=client.identity.component_name,
                context=client.context,
                version=client.identity.version,
                axon_server=client.node if isinstance(client, RemoteClient) else own_name,
                tags=dict(client.identity.tags),
            )
            for client in self._clients.clients()
            if client.context == context
        ]

    async def client_ids(self, context: ContextName) -> list[str]:
        """Return the ids of the clients of a context."""
        return [client.name for client in await self.clients(context)]

    async def instances(self, component: Component, context: ContextName) -> list[ShownClient]:
        """Return the clients of a component."""
        return [each for each in await self.clients(context) if each.component_name == component]

    async def commands(self, component: Component, context: ContextName) -> list[ShownCommand]:
        """Return what commands a component handles, each once."""
        found = {each.name for each in self._handled(component, context, "command")}
        return [ShownCommand(name=name) for name in sorted(found)]

    async def queries(self, component: Component, context: ContextName) -> list[ShownQuery]:
        """Return what queries a component answers, each once, with all its result types."""
        found: dict[str, set[str]] = {}
        for each in self._handled(component, context, "query"):
            found.setdefault(each.name, set()).update(each.result_names)
        return [
            ShownQuery(name=name, result_types=sorted(results))
            for name, results in sorted(found.items())
        ]

    def _handled(self, component: str, context: str, kind: str) -> list[Registration]:
        return [
            each
            for each in self._topology.registrations(context)
            if each.kind == kind and each.component_name == component
        ]
