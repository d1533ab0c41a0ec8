"""The port of the persistent streams and the positions of their segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ranvier.events.streams.definition import StreamDefinition
from ranvier.events.streams.progress import StreamProgress


@dataclass(frozen=True, slots=True)
class StoredStream:
    """A stream as it is stored.

    `number` is never used again, so that a stream that was deleted and created anew is another one.
    `revision` rises with every change of the layout; positions are stored for one revision only.
    `fence` is that of the lease `stream_lease`, under which its owner writes; 0 when merely read.
    """

    number: int
    revision: int
    definition: StreamDefinition
    progress: StreamProgress
    fence: int = 0


def stream_lease(number: int) -> str:
    """Return the name of the lease under which one node owns a stream."""
    return f"persistent-stream/{number}"


class PersistentStreams(Protocol):
    """The streams of all contexts; an unknown context raises `UnknownContext`."""

    async def create(
        self, context: str, definition: StreamDefinition, progress: StreamProgress, limit: int
    ) -> bool:
        """Store a new stream; False if there is one of that id already.

        Raises `TooManyStreams` when the context has `limit` of them.
        """
        ...

    async def find(self, context: str, stream_id: str) -> StoredStream | None:
        """The stream of that id; None when there is none."""
        ...

    async def list(self, context: str) -> Sequence[StoredStream]:
        """All streams of a context, by id."""
        ...

    async def save(self, streams: Sequence[StoredStream]) -> Sequence[int]:
        """Store positions and errors of the segments, in one commit.

        A stream that has been deleted, or has another revision by now, is left as it is; so are
        those whose fence is not the last, which are answered by their numbers.
        """
        ...

    async def change(self, stream: StoredStream) -> StoredStream | None:
        """Store another name, layout or positions; the answer has the next revision.

        None when the stream is gone or has another revision: nothing is changed. Raises
        `StreamOwnedElsewhere` when its fence is not the last.
        """
        ...

    async def delete(self, context: str, stream_id: str) -> bool:
        """Remove a stream; False when there is none of that id."""
        ...

    async def count(self) -> int:
        """How many streams there are in all contexts."""
        ...
