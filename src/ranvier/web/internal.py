"""`/internal`: what client test kits poll; nobody's promise, and marked so in OpenAPI."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from ranvier.storage.context_catalogue import ContextCatalogue
from ranvier.web.camel_model import CamelModel

STABILITY: Final = {"x-stability": "internal"}


class RaftContext(CamelModel):
    """A context, by the name that a test kit waits for."""

    context: str
    replication_group: str


class InternalResource:
    """Answers from the list of contexts."""

    def __init__(self, contexts: ContextCatalogue) -> None:
        self._contexts = contexts

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        app.get(
            "/internal/raft/contexts",
            tags=["internal"],
            summary="The contexts that are ready for use",
            openapi_extra=STABILITY,
        )(self.contexts)

    async def contexts(self) -> list[RaftContext]:
        """Return every context; the path is Axon's, there is no Raft behind it."""
        names = await self._contexts.names()
        return [RaftContext(context=name, replication_group=name) for name in names]
