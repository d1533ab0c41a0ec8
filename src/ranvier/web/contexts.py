"""`/v1/context`: create, change and delete contexts, as Axon's command line and test kits do."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, FastAPI, Path, Query, Response
from pydantic import Field

from ranvier.events.errors import ContextExists
from ranvier.services.administer_contexts import AdministerContexts
from ranvier.web.camel_model import CamelModel
from ranvier.web.parameters import DEFAULT_CONTEXT, json_body
from ranvier.web.posted_messages import decode

ACCEPTED: Final = 202


ContextInPath = Annotated[str, Path(description="The name of the context.")]


class PostedContext(msgspec.Struct, frozen=True, rename="camel"):
    """A context to create; what Axon's tools say of groups, nodes and roles is not needed."""

    context: str
    dcb_context: bool = False
    database: str | None = None
    meta_data: dict[str, str] | None = None


class PostedProperties(msgspec.Struct, frozen=True, rename="camel"):
    """Properties to change."""

    meta_data: dict[str, str]


class Deletion(CamelModel):
    """How a context is deleted."""

    preserve_event_store: Annotated[
        bool, Field(description="Keep the events; refused, since they lie with all others.")
    ] = False


class Initialisation(CamelModel):
    """Which context shall be there."""

    context: Annotated[str, Field(description="The context that shall be there.")] = DEFAULT_CONTEXT


def json_example(schema: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    """Describe a JSON body for OpenAPI."""
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


TEXTS: Final[dict[str, Any]] = {"type": "object", "additionalProperties": {"type": "string"}}

POSTED_CONTEXT: Final = json_example(
    {
        "type": "object",
        "required": ["context"],
        "properties": {
            "context": {"type": "string"},
            "dcbContext": {"type": "boolean", "default": False},
            "database": {
                "type": "string",
                "format": "password",
                "description": "A PostgreSQL of its own; it is never shown again.",
            },
            "metaData": TEXTS,
        },
    },
    {"context": "orders", "dcbContext": True, "metaData": {"owner": "sales"}},
)

POSTED_PROPERTIES: Final = json_example(
    {"type": "object", "required": ["metaData"], "properties": {"metaData": TEXTS}},
    {"metaData": {"owner": "sales"}},
)


class ContextsResource:
    """Changes contexts through the service of the node; each is done when 202 is answered."""

    def __init__(self, contexts: AdministerContexts) -> None:
        self._contexts = contexts

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        shared: dict[str, Any] = {
            "tags": ["contexts"],
            "status_code": ACCEPTED,
            "response_class": Response,
        }
        app.post(
            "/v1/context",
            summary="Create a context",
            openapi_extra=POSTED_CONTEXT,
            **shared,
        )(self.create)
        app.post("/v1/context/init", summary="Have a first context", **shared)(self.initialise)
        app.patch(
            "/v1/context/{context}",
            summary="Change the properties of a context",
            openapi_extra=POSTED_PROPERTIES,
            **shared,
        )(self.change_properties)
        app.delete("/v1/context/{context}", summary="Delete a context and its events", **shared)(
            self.delete
        )

    async def create(self, body: Annotated[bytes, Depends(json_body)]) -> Response:
        """Create an empty context; it can be used as soon as this is answered."""
        posted = decode(body, PostedContext)
        await self._contexts.create(
            posted.context,
            dcb=posted.dcb_context,
            properties=posted.meta_data,
            database=posted.database,
        )
        return Response(status_code=ACCEPTED)

    async def initialise(self, wanted: Annotated[Initialisation, Query()]) -> Response:
        """Create the context if it is missing; a node needs no other initialisation."""
        with suppress(ContextExists):
            await self._contexts.create(wanted.context)
        return Response(status_code=ACCEPTED)

    async def change_properties(
        self, context: ContextInPath, body: Annotated[bytes, Depends(json_body)]
    ) -> Response:
        """Set the properties that are named; an empty value takes one away."""
        await self._contexts.change_properties(context, decode(body, PostedProperties).meta_data)
        return Response(status_code=ACCEPTED)

    async def delete(self, context: ContextInPath, how: Annotated[Deletion, Query()]) -> Response:
        """Delete a context and end its streams; its name is free when this is answered."""
        await self._contexts.delete(context, preserve_events=how.preserve_event_store)
        return Response(status_code=ACCEPTED)
