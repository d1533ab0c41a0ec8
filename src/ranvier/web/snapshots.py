"""`/v1/snapshots`: store a snapshot of an aggregate, list those that there are."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Query, Response
from pydantic import Field

from ranvier.events.snapshot import Snapshot
from ranvier.services.store_snapshots import StoreSnapshots
from ranvier.web.camel_model import CamelModel
from ranvier.web.event_json import event_to_json
from ranvier.web.events import Success
from ranvier.web.parameters import HIGHEST_NUMBER, ContextName, json_body
from ranvier.web.posted_messages import MissingParts, decode_message, new_snapshot
from ranvier.web.posted_schema import POSTED_SNAPSHOT

DEFAULT_MAX_RESULTS: Final = 10
HIGHEST_MAX_RESULTS: Final = 100
"""Snapshots may be large, and an answer is built in memory."""

LIST_DESCRIPTION: Final = (
    "Snapshots, newest first, in the shape of the events of `GET /v1/events`. The header `Link` "
    "names the next page where there may be one."
)


class SnapshotQuery(CamelModel):
    """Which snapshots a reader wants."""

    aggregate_id: Annotated[str, Field(description="The aggregate whose snapshots are wanted.")]
    max_sequence: Annotated[
        int,
        Field(ge=0, le=HIGHEST_NUMBER, description="None that was made after this event."),
    ] = HIGHEST_NUMBER
    max_results: Annotated[
        int, Field(ge=1, le=HIGHEST_MAX_RESULTS, description="So many of the newest.")
    ] = DEFAULT_MAX_RESULTS


class SnapshotsResource:
    """Stores and lists through the service of the node."""

    def __init__(self, snapshots: StoreSnapshots, missing: MissingParts) -> None:
        self._snapshots = snapshots
        self._missing = missing

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        listed = {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}}
        app.get(
            "/v1/snapshots",
            tags=["snapshots"],
            summary="List the snapshots of an aggregate",
            response_class=Response,
            responses={200: {"description": LIST_DESCRIPTION, "content": listed}},
        )(self.list)
        for path in ("/v1/snapshots", "/v1/snapshot"):
            app.post(
                path,
                tags=["snapshots"],
                summary="Store a snapshot",
                deprecated=path == "/v1/snapshot",
                openapi_extra=POSTED_SNAPSHOT,
            )(self.store)

    async def list(
        self, context: ContextName, query: Annotated[SnapshotQuery, Query()]
    ) -> Response:
        """Return the newest snapshots of an aggregate; none where there are none."""
        found = await self._snapshots.list(
            context, query.aggregate_id, to_sequence=query.max_sequence, limit=query.max_results
        )
        body = b"[" + b",".join([event_to_json(snapshot.data) for snapshot in found]) + b"]"
        is_last = len(found) < query.max_results or found[-1].sequence == 0
        headers = {} if is_last else {"Link": next_page(context, query, found[-1])}
        return Response(body, headers=headers, media_type="application/json")

    async def store(
        self, context: ContextName, body: Annotated[bytes, Depends(json_body)]
    ) -> Success:
        """Store a snapshot; one of the same aggregate and sequence number is replaced."""
        await self._snapshots.put(context, new_snapshot(decode_message(body), self._missing))
        return Success()


def next_page(context: str, query: SnapshotQuery, last: Snapshot) -> str:
    """Return the link to the snapshots before the last one shown (RFC 8288)."""
    parameters = {
        "aggregateId": query.aggregate_id,
        "maxSequence": last.sequence - 1,
        "maxResults": query.max_results,
        "context": context,
    }
    return f'</v1/snapshots?{urlencode(parameters)}>; rel="next"'
