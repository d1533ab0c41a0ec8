"""`/v1/snapshots`: store a snapshot of an aggregate, list those that there are."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Query, Response
from pydantic import Field

from ranvier.events.snapshot import Snapshot
from ranvier.web.camel_model import CamelModel
from ranvier.web.dependencies import WebDependencies
from ranvier.web.event_json import event_to_json
from ranvier.web.events import Success
from ranvier.web.parameters import HIGHEST_NUMBER, ContextName, json_body
from ranvier.web.posted_messages import PostingRules, decode_message, new_snapshot
from ranvier.web.posted_schema import POSTED_SNAPSHOT

DEFAULT_MAX_RESULTS: Final = 10
HIGHEST_MAX_RESULTS: Final = 100
"""More is asked for page by page."""
ANSWER_BYTES: Final = 8 * 1024 * 1024
"""Of snapshots in one answer, which is built in memory; the last one may exceed it."""

LIST_DESCRIPTION: Final = (
    "Snapshots, newest first, in the shape of the events of `GET /v1/events`. An answer "
    "may hold fewer than asked for; the header `Link` names the next page where there may be one."
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

    def __init__(self, dependencies: WebDependencies, rules: PostingRules) -> None:
        self._snapshots = dependencies.snapshots
        self._kinds = dependencies.kinds
        self._rules = rules

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        listed = {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}}
        app.get(
            "/v1/snapshots",
            tags=["snapshots"],
            summary="List the snapshots of an aggregate",
            response_class=Response,
            responses={200: {"description": LIST_DESCRIPTION, "content": listed}},
        )(self.read)
        for path in ("/v1/snapshots", "/v1/snapshot"):
            app.post(
                path,
                tags=["snapshots"],
                summary="Store a snapshot",
                deprecated=path == "/v1/snapshot",
                openapi_extra=POSTED_SNAPSHOT,
            )(self.store)

    async def read(
        self, context: ContextName, query: Annotated[SnapshotQuery, Query()]
    ) -> Response:
        """Return the newest snapshots of an aggregate; none where there are none."""
        self._kinds.expect(context, dcb=False)
        found, has_more = await self._newest(context, query)
        body = b"[" + b",".join([event_to_json(snapshot.data) for snapshot in found]) + b"]"
        headers = {"Link": next_page(context, query, found[-1])} if has_more else {}
        return Response(body, headers=headers, media_type="application/json")

    async def _newest(self, context: str, query: SnapshotQuery) -> tuple[list[Snapshot], bool]:
        """Read one by one, since each may be large; say too whether there may be more."""
        found: list[Snapshot] = []
        size_bytes, sequence = 0, query.max_sequence
        while len(found) < query.max_results and size_bytes < ANSWER_BYTES:
            page = await self._snapshots.list(
                context, query.aggregate_id, to_sequence=sequence, limit=1
            )
            if not page:
                return found, False
            found += page
            size_bytes += len(page[0].data)
            sequence = page[0].sequence - 1
        return found, sequence >= 0

    async def store(
        self, context: ContextName, body: Annotated[bytes, Depends(json_body)]
    ) -> Success:
        """Store a snapshot; one of the same aggregate and sequence number is replaced."""
        self._kinds.expect(context, dcb=False)
        await self._snapshots.put(context, new_snapshot(decode_message(body), self._rules))
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
