"""`/api/cluster/configuration`: what all nodes are told alike, and who has set it when."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, FastAPI, Query, Request
from pydantic import Field

from ranvier.cluster.configuration import ConfigurationRevision
from ranvier.config.shared_configuration import AT_START, LIVE, canonical_changes, masked
from ranvier.services.share_configuration import HISTORY_AT_MOST, ShareConfiguration
from ranvier.web.camel_model import CamelModel
from ranvier.web.cluster_nodes import time_text
from ranvier.web.contexts import json_example
from ranvier.web.parameters import json_body
from ranvier.web.posted_messages import decode

AUTHOR_LIMIT: Final = 200

POSTED: Final = json_example(
    {
        "type": "object",
        "required": ["values"],
        "properties": {
            "values": {
                "type": "object",
                "additionalProperties": {"type": "string", "nullable": True},
            },
            "replaces": {"type": "integer"},
            "author": {"type": "string"},
        },
    },
    {"values": {"query.limit": "500", "heartbeat.enabled": None}, "replaces": 7},
)


class PostedChange(msgspec.Struct, frozen=True, rename="camel"):
    """Values to set for all nodes, and the revision that whoever sets them has seen."""

    values: dict[str, str | None]
    replaces: int | None = None
    author: str = ""


class ShownRevision(CamelModel):
    """A revision; secrets are masked."""

    revision: int
    replaces: int
    values: dict[str, str]
    author: str
    changed_at: str | None
    state: str
    reason: str


class ShownKey(CamelModel):
    """A key that can be set for all nodes."""

    key: str
    applies: Annotated[str, Field(description="`at once` or `at the next start of each node`.")]


class ShownConfiguration(ShownRevision):
    """The revision in force, and what can be set."""

    keys: list[ShownKey]


HistoryLength = Annotated[int, Query(ge=1, le=HISTORY_AT_MOST, description="Revisions at most.")]


class ClusterConfigurationResource:
    """Shows and changes what all nodes share."""

    def __init__(self, configuration: ShareConfiguration) -> None:
        self._configuration = configuration

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        path = "/api/cluster/configuration"
        shared: dict[str, Any] = {"tags": ["cluster"]}
        app.get(path, summary="What all nodes share", **shared)(self.in_force)
        app.patch(path, summary="Change what all nodes share", openapi_extra=POSTED, **shared)(
            self.change
        )
        app.get(f"{path}/history", summary="Who has changed it, and when", **shared)(self.history)

    async def in_force(self) -> ShownConfiguration:
        """Return the revision in force."""
        return self._shown(await self._configuration.in_force())

    async def change(
        self, request: Request, body: Annotated[bytes, Depends(json_body)]
    ) -> ShownConfiguration:
        """Change values on all nodes, once each running one has agreed; null takes one away."""
        posted = decode(body, PostedChange, ("values", "replaces", "author"))
        changes = canonical_changes(posted.values)
        address = request.client.host if request.client is not None else "unknown"
        author = f"{posted.author or 'somebody'} at {address}"[:AUTHOR_LIMIT]
        return self._shown(await self._configuration.change(changes, author, posted.replaces))

    async def history(self, size: HistoryLength = 50) -> list[ShownRevision]:
        """Return the latest revisions, the newest first, with those that were refused."""
        return [
            ShownRevision(**shown(revision)) for revision in await self._configuration.history(size)
        ]

    def _shown(self, revision: ConfigurationRevision) -> ShownConfiguration:
        keys = [ShownKey(key=name, applies="at once") for name in sorted(LIVE)]
        keys += [
            ShownKey(key=name, applies="at the next start of each node")
            for name in sorted(AT_START)
        ]
        return ShownConfiguration(**shown(revision), keys=keys)


def shown(revision: ConfigurationRevision) -> dict[str, Any]:
    """Return a revision as it may be shown."""
    return {
        "revision": revision.number,
        "replaces": revision.replaces,
        "values": masked(revision.values),
        "author": revision.author,
        "changed_at": time_text(revision.made_at_ms),
        "state": revision.state.value,
        "reason": revision.reason,
    }
