"""What the description of the API says beside what its routes say of themselves."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ranvier import __version__
from ranvier.web.access import TOKEN_NAME, is_open
from ranvier.web.posted_form import TOKEN_HEADER
from ranvier.web.problem import MEDIA_TYPE

Description = dict[str, Any]

SUMMARY: Final = (
    "Every refusal is `application/problem+json` with a stable `code` and one sentence. "
    "With access control on, calls need the header `AxonIQ-Access-Token`, or the cookie of a "
    "session that was signed in (with `X-CSRF-Token` for what changes something), except those "
    "for health and monitoring."
)

TAGS: Final = [
    {"name": "events", "description": "Append and read events."},
    {"name": "snapshots", "description": "Store and list snapshots of aggregates."},
    {"name": "commands", "description": "See who handles which commands, and dispatch them."},
    {"name": "queries", "description": "See who answers which queries, and ask them."},
    {"name": "contexts", "description": "Create, change and delete contexts."},
    {"name": "cluster", "description": "See all nodes, let this one join others, take nodes out."},
    {"name": "sessions", "description": "See who uses the pages on any node, and end that."},
    {"name": "users", "description": "Those who sign in at pages and by REST."},
    {"name": "processors", "description": "See, steer and spread event processors."},
    {"name": "components", "description": "Connected applications and what they handle."},
    {"name": "node", "description": "What a node tells of itself, as Axon users know it."},
    {"name": "health", "description": "For balancers and supervisors; open to all."},
    {"name": "monitoring", "description": "For monitoring tools; open to all."},
    {
        "name": "internal",
        "description": "**Not public, subject to change without notice.** Here for the test kits "
        "of Axon clients; nobody's promise.",
    },
]

PROBLEM: Final[Description] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "retryMayHelp"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable: AXONIQ-nnnn where Axon has a code."},
        "detail": {"type": "string", "description": "One sentence that names the remedy."},
        "field": {"type": "string", "description": "The part of the request that is wrong."},
        "position": {"type": "integer", "description": "Of a query: the place, counted from 1."},
        "retryMayHelp": {"type": "boolean"},
    },
}

REFUSED: Final[dict[int | str, Description]] = {
    "default": {
        "description": "Refused, and why",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


CLOSED: Final[list[Description]] = [{"accessToken": []}, {"session": []}, {}]
"""One of them, or nothing where access control is off."""


class DescribedApi(FastAPI):
    """A FastAPI application that describes itself as Ranvier's contract says."""

    def openapi(self) -> Description:
        """Return the description; built once, when it is first asked for."""
        if self.openapi_schema is None:
            self.openapi_schema = describe(self)
        return self.openapi_schema


def describe(app: FastAPI) -> Description:
    """Build the description of all listed routes in OpenAPI 3.1."""
    description = get_openapi(
        title="Ranvier",
        version=__version__,
        description=SUMMARY,
        routes=app.routes,
        tags=TAGS,
    )
    components = description.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["securitySchemes"] = {
        "accessToken": {"type": "apiKey", "in": "header", "name": TOKEN_NAME},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "JSESSIONID",
            "description": f"Of a sign-in; what changes something needs {TOKEN_HEADER}, too.",
        },
    }
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            operation["security"] = [] if is_open(path, method.upper()) else CLOSED
    return description
