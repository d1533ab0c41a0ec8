"""A client of the DCB services, on the stubs that `axonclient` ships."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

import grpc
from axonclient.protos import dcb_pb2, dcb_pb2_grpc

from tests.support.axon_stubs import snapshotted_event_store_stub

NEVER = 2**63 - 1
_numbers = count()


def tag(text: str) -> dcb_pb2.Tag:
    """Return the tag that "key=value" names."""
    key, _, value = text.partition("=")
    return dcb_pb2.Tag(key=key.encode(), value=value.encode())


def tagged(name: str, *tags: str, time_ms: int = 1, payload: bytes = b"{}") -> dcb_pb2.TaggedEvent:
    """Return an event of that name with these tags."""
    event = dcb_pb2.Event(
        identifier=f"id-{next(_numbers)}", timestamp=time_ms, name=name, payload=payload
    )
    return dcb_pb2.TaggedEvent(event=event, tag=[tag(text) for text in tags])


def criterion(*tags: str, names: Iterable[str] = ()) -> dcb_pb2.Criterion:
    """Return a criterion that asks for all of these tags and one of these names."""
    wanted = dcb_pb2.TagsAndNamesCriterion(tag=[tag(text) for text in tags], name=names)
    return dcb_pb2.Criterion(tags_and_names=wanted)


class DcbClient:
    """Calls one context of a node."""

    def __init__(self, channel: grpc.Channel, context: str = "default") -> None:
        self.metadata = (("axoniq-context", context),)
        stubs: Any = dcb_pb2_grpc
        self.events: Any = stubs.DcbEventStoreStub(channel)
        self.snapshots: Any = stubs.DcbSnapshotStoreStub(channel)
        self.snapshotted = snapshotted_event_store_stub(channel)

    def append(
        self, *events: dcb_pb2.TaggedEvent, condition: dcb_pb2.ConsistencyCondition | None = None
    ) -> dcb_pb2.AppendEventsResponse:
        """Append events together."""
        request = dcb_pb2.AppendEventsRequest(event=events, condition=condition)
        answer: dcb_pb2.AppendEventsResponse = self.events.Append(
            iter([request]), metadata=self.metadata, timeout=60
        )
        return answer

    def append_if(
        self, marker: int, criteria: Iterable[dcb_pb2.Criterion], *events: dcb_pb2.TaggedEvent
    ) -> dcb_pb2.AppendEventsResponse:
        """Append events unless an event from the marker on matches."""
        condition = dcb_pb2.ConsistencyCondition(consistency_marker=marker, criterion=criteria)
        return self.append(*events, condition=condition)

    def source_answers(
        self, *criteria: dcb_pb2.Criterion, first: int = 0
    ) -> list[dcb_pb2.SourceEventsResponse]:
        """Return all that Source sends."""
        request = dcb_pb2.SourceEventsRequest(from_sequence=first, criterion=criteria)
        return list(self.events.Source(request, metadata=self.metadata, timeout=60))

    def source(
        self, *criteria: dcb_pb2.Criterion, first: int = 0
    ) -> tuple[list[tuple[int, str]], int]:
        """Return the sequences and names of the events that match, and the marker."""
        *found, last = self.source_answers(*criteria, first=first)
        assert all(answer.HasField("event") for answer in found)
        assert last.HasField("consistency_marker")
        events = [(one.event.sequence, one.event.event.name) for one in found]
        return events, last.consistency_marker

    def stream(self, *criteria: dcb_pb2.Criterion, first: int = 0) -> Any:
        """Open a stream; it ends when it is cancelled, or after a minute."""
        request = dcb_pb2.StreamEventsRequest(from_sequence=first, criterion=criteria)
        return self.events.Stream(request, metadata=self.metadata, timeout=60)

    def head(self) -> int:
        """Return the sequence that the next event will get."""
        return int(self.events.GetHead(dcb_pb2.GetHeadRequest(), metadata=self.metadata).sequence)

    def tail(self) -> int:
        """Return the sequence of the oldest event."""
        return int(self.events.GetTail(dcb_pb2.GetTailRequest(), metadata=self.metadata).sequence)

    def sequence_at(self, time_ms: int) -> int:
        """Return the sequence of the first event at or after a time."""
        request = dcb_pb2.GetSequenceAtRequest(timestamp=time_ms)
        return int(self.events.GetSequenceAt(request, metadata=self.metadata).sequence)

    def add_tags(self, sequence: int, *tags: str) -> None:
        """Let an event bear these tags too."""
        request = dcb_pb2.AddTagsRequest(sequence=sequence, tag=[tag(text) for text in tags])
        self.events.AddTags(request, metadata=self.metadata, timeout=60)

    def remove_tags(self, sequence: int, *tags: str) -> None:
        """Take these tags from an event."""
        request = dcb_pb2.RemoveTagsRequest(sequence=sequence, tag=[tag(text) for text in tags])
        self.events.RemoveTags(request, metadata=self.metadata, timeout=60)

    def tags(self, sequence: int) -> list[str]:
        """Return the tags of an event."""
        request = dcb_pb2.GetTagsRequest(sequence=sequence)
        answer = self.events.GetTags(request, metadata=self.metadata, timeout=60)
        return [f"{one.key.decode()}={one.value.decode()}" for one in answer.tag]

    def add_snapshot(
        self, key: bytes, sequence: int, payload: bytes = b"state", *, prune: bool = False
    ) -> None:
        """Keep a snapshot."""
        snapshot = dcb_pb2.Snapshot(name="State", version="1", payload=payload, timestamp=7)
        request = dcb_pb2.AddSnapshotRequest(
            key=key, sequence=sequence, prune=prune, snapshot=snapshot
        )
        self.snapshots.Add(request, metadata=self.metadata, timeout=60)

    def delete_snapshots(self, key: bytes, before: int) -> None:
        """Drop the snapshots of a key below a sequence."""
        request = dcb_pb2.DeleteSnapshotsRequest(key=key, to_sequence=before)
        self.snapshots.Delete(request, metadata=self.metadata, timeout=60)

    def list_snapshots(self, key: bytes, first: int = 0, before: int = NEVER) -> list[int]:
        """Return the sequences of a key's snapshots as they come."""
        request = dcb_pb2.ListSnapshotsRequest(key=key, from_sequence=first, to_sequence=before)
        found = list(self.snapshots.List(request, metadata=self.metadata, timeout=60))
        assert all(one.key == key for one in found)
        return [one.sequence for one in found]

    def last_snapshot(self, key: bytes) -> dcb_pb2.GetLastSnapshotResponse:
        """Return the newest snapshot of a key."""
        request = dcb_pb2.GetLastSnapshotRequest(key=key)
        answer: dcb_pb2.GetLastSnapshotResponse = self.snapshots.GetLast(
            request, metadata=self.metadata, timeout=60
        )
        return answer
