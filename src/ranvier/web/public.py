"""`/v1/public`: what Axon users and their test kits ask a node about itself.

"Public" is Axon's word for what every user may see; with access control on it needs the token.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI

from ranvier import __version__
from ranvier.web.camel_model import CamelModel
from ranvier.web.cluster_nodes import is_in_reach
from ranvier.web.dependencies import WebDependencies


class KnownNode(CamelModel):
    """A node that this one knows of, itself included."""

    name: str
    host_name: str
    http_port: int
    grpc_port: int
    internal_host_name: str
    grpc_internal_port: int
    connected: bool


class ThisNode(CamelModel):
    """The node that was asked."""

    name: str
    host_name: str
    http_port: int
    grpc_port: int
    internal_host_name: str
    grpc_internal_port: int
    authentication: bool
    ssl: bool
    clustered: bool
    admin_node: bool
    development_mode: bool
    plugins_enabled: bool
    initialized: bool
    context_names: list[str]
    storage_context_names: list[str]


class RoleOfNode(CamelModel):
    """What a node does for a context."""

    node: str
    role: str


class KnownContext(CamelModel):
    """A context and who serves it; every node of Ranvier serves every context."""

    context: str
    replication_group: str
    leader: str
    roles: list[RoleOfNode]
    meta_data: dict[str, str]
    change_pending: bool
    pending_since: int
    dcb_context: bool
    has_own_database: bool


class ProductVersion(CamelModel):
    """The program that answers."""

    product_name: str
    version: str


class PublicResource:
    """Answers from the node's facts, the list of nodes and the list of contexts."""

    def __init__(
        self,
        dependencies: WebDependencies,
        *,
        has_access_control: Callable[[], bool],
    ) -> None:
        self._of = dependencies
        self._node = dependencies.node
        self._contexts = dependencies.administer_contexts
        self._has_access_control = has_access_control

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        app.get("/v1/public", tags=["node"], summary="The nodes known here")(self.nodes)
        app.get("/v1/public/me", tags=["node"], summary="This node")(self.me)
        app.get("/v1/public/context", tags=["node"], summary="The contexts")(self.contexts)
        app.get("/v1/public/mycontexts", tags=["node"], summary="The contexts kept here")(
            self.my_contexts
        )
        app.get("/v1/public/version", tags=["node"], summary="The program")(self.version)

    async def nodes(self) -> list[KnownNode]:
        """Return all nodes that this one knows, itself included, sorted by name."""
        linked = self._of.linked()
        return [
            KnownNode(
                name=view.member.name,
                host_name=view.member.host,
                http_port=view.member.http_port,
                grpc_port=view.member.grpc_port,
                internal_host_name=view.member.internal_host,
                grpc_internal_port=view.member.internal_port,
                connected=is_in_reach(view, linked),
            )
            for view in self._of.members()
        ]

    async def me(self) -> ThisNode:
        """Return what clients and people must know to use this node."""
        node = self._node()
        names = await self.my_contexts()
        return ThisNode(
            name=node.name,
            host_name=node.host_name,
            http_port=node.http_port,
            grpc_port=node.grpc_port,
            internal_host_name=node.internal_host_name,
            grpc_internal_port=node.internal_port,
            authentication=self._has_access_control(),
            ssl=node.is_tls,
            clustered=node.is_clustered,
            admin_node=True,
            development_mode=False,
            plugins_enabled=False,
            initialized=True,
            context_names=names,
            storage_context_names=names,
        )

    async def contexts(self) -> list[KnownContext]:
        """Return every context; a replication group of Ranvier is one context."""
        node = self._node().name
        nodes = [each.member.name for each in self._of.members() if each.state.is_alive]
        return [
            KnownContext(
                context=context.name,
                replication_group=context.name,
                leader=node,
                roles=[RoleOfNode(node=each, role="PRIMARY") for each in nodes],
                meta_data=dict(context.properties),
                change_pending=False,
                pending_since=0,
                dcb_context=context.dcb,
                has_own_database=context.has_own_database,
            )
            for context in await self._contexts.all()
        ]

    async def my_contexts(self) -> list[str]:
        """Return the names of the contexts whose events this node keeps: all of them."""
        return [each.name for each in await self._contexts.all()]

    async def version(self) -> ProductVersion:
        """Return name and version of the program."""
        return ProductVersion(product_name="Ranvier", version=__version__)
