"""`/`: what this node is, what it holds, and where to look further; plain HTML for people."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from ranvier import __version__
from ranvier.errors import RanvierError
from ranvier.services.keep_clients import ConnectedClient
from ranvier.web.access import TOKEN_NAME, query_token
from ranvier.web.cluster_nodes import shown_nodes
from ranvier.web.dependencies import WebDependencies
from ranvier.web.duration_text import duration_text
from ranvier.web.page_templates import templates

SHOWN_ROWS: Final = 100
"""Of a table on the page: more would be no overview."""


@dataclass(frozen=True, slots=True)
class ShownContext:
    """One line of the table of contexts."""

    name: str
    event_count: int
    last_token: int
    snapshot_count: int


@dataclass(frozen=True, slots=True)
class ShownClient:
    """One line of the table of clients."""

    component_name: str
    client_id: str
    context: str
    version: str
    connected_for: str


class NodePage:
    """Renders the page from the services and ports, at the moment it is asked for."""

    def __init__(self, dependencies: WebDependencies) -> None:
        self._of = dependencies

    def add_to(self, app: FastAPI) -> None:
        """Offer the page; it is no part of the API."""
        app.get("/", include_in_schema=False)(self.page)

    async def page(self, request: Request) -> HTMLResponse:
        """Return the page; a database that does not answer leaves the rest of it standing."""
        clients = self._of.clients.clients()
        contexts: list[ShownContext] = []
        context_count, contexts_unknown = 0, ""
        try:
            heads = await self._of.event_log.heads()
            context_count = len(heads)
            contexts = await self._shown_contexts(sorted(heads.items())[:SHOWN_ROWS])
        except RanvierError as error:
            contexts_unknown = str(error)
        node, nodes = self._of.node(), shown_nodes(self._of)
        html = templates.get_template("node.html").render(
            node=node,
            nodes=nodes[:SHOWN_ROWS],
            route=next((each.jvm_route for each in nodes if each.is_local), ""),
            version=__version__,
            python_version=platform.python_version(),
            uptime=duration_text(self._of.clock() - node.started_at),
            has_access_control=self._of.access_token() is not None,
            reasons=[part.reason for part in self._of.health() if not part.is_up],
            contexts=contexts,
            context_count=context_count,
            contexts_unknown=contexts_unknown,
            clients=[self._shown_client(client) for client in clients[:SHOWN_ROWS]],
            client_count=len(clients),
            link=links_with_token(query_token(request.scope["query_string"])),
        )
        return HTMLResponse(html)

    async def _shown_contexts(self, heads: list[tuple[str, int]]) -> list[ShownContext]:
        snapshot_counts = await self._of.snapshot_counts()
        return [
            ShownContext(
                name=name,
                event_count=head - await self._of.event_log.first_token(name) if head else 0,
                last_token=head - 1,
                snapshot_count=snapshot_counts.get(name, 0),
            )
            for name, head in heads
        ]

    def _shown_client(self, client: ConnectedClient) -> ShownClient:
        identity = client.identity
        return ShownClient(
            component_name=identity.component_name,
            client_id=identity.client_id,
            context=client.context,
            version=identity.version,
            connected_for=duration_text(self._of.clock() - client.connected_at),
        )


def links_with_token(token: str | None) -> Callable[[str], str]:
    """Return what makes links: with the token that the page was opened with, if it was."""
    query = "" if token is None else f"?{TOKEN_NAME}={quote(token, safe='')}"
    return lambda path: path + query
