"""Snapshots by key, and sources that begin at one, over gRPC."""

from __future__ import annotations

import grpc
import pytest

from ranvier.proto import dcb_pb2
from tests.support.dcb_client import DcbClient, criterion, tagged
from tests.support.live_call import refused

KEY = b"seat/\x00\xff"


def test_snapshots_are_kept_listed_and_dropped(client: DcbClient) -> None:
    for sequence in (3, 1, 5):
        client.add_snapshot(KEY, sequence)
    client.add_snapshot(b"other", 4)
    assert client.list_snapshots(KEY) == [5, 3, 1]
    assert client.list_snapshots(KEY, first=1, before=5) == [3, 1]
    client.delete_snapshots(KEY, before=3)
    assert client.list_snapshots(KEY) == [5, 3]
    client.add_snapshot(KEY, 7, prune=True)
    assert client.list_snapshots(KEY) == [7]
    assert client.list_snapshots(b"other") == [4]


def test_the_last_snapshot_comes_back_as_it_was_sent(client: DcbClient) -> None:
    client.add_snapshot(KEY, 4, b"former")
    client.add_snapshot(KEY, 4, b"\x00" * 100_000)
    last = client.last_snapshot(KEY)
    assert (last.key, last.sequence) == (KEY, 4)
    assert (last.snapshot.name, last.snapshot.version) == ("State", "1")
    assert (last.snapshot.payload, last.snapshot.timestamp) == (b"\x00" * 100_000, 7)


def test_ranvier_no_such_snapshot(client: DcbClient) -> None:
    client.add_snapshot(b"other", 1)
    refusal = refused(lambda: client.last_snapshot(KEY))
    assert refusal.status is grpc.StatusCode.NOT_FOUND
    assert refusal.axon_code == "RANVIER-NO-SUCH-SNAPSHOT"


@pytest.mark.parametrize("key", [b"", b"k" * 256])
def test_ranvier_invalid_event_for_a_key_that_cannot_be(client: DcbClient, key: bytes) -> None:
    for call in (
        lambda: client.add_snapshot(key, 1),
        lambda: client.delete_snapshots(key, 1),
        lambda: client.list_snapshots(key),
        lambda: client.last_snapshot(key),
        lambda: sourced(client, key),
    ):
        refusal = refused(call)
        assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
        assert refusal.axon_code == "RANVIER-INVALID-EVENT"


def test_many_snapshots_come_in_pages(client: DcbClient) -> None:
    for sequence in range(20):
        client.add_snapshot(KEY, sequence, bytes(50_000))
    assert client.list_snapshots(KEY) == list(range(19, -1, -1))


def sourced(
    client: DcbClient, key: bytes, *tags: str
) -> list[dcb_pb2.SnapshottedSourceEventsResponse]:
    wanted = dcb_pb2.TagsAndNamesCriterion()
    wanted.ParseFromString(criterion(*tags).tags_and_names.SerializeToString())
    request = dcb_pb2.SnapshottedSourceRequest(
        snapshot_key=key, criterion=[dcb_pb2.Criterion(tags_and_names=wanted)]
    )
    return list(client.snapshotted.Source(request, metadata=client.metadata, timeout=60))


def test_a_source_begins_with_the_newest_snapshot(client: DcbClient) -> None:
    client.append(*(tagged(f"E{n}", f"seat={n % 2}") for n in range(6)))
    client.add_snapshot(KEY, 0, b"old")
    client.add_snapshot(KEY, 2, b"new")
    first, *events, last = sourced(client, KEY, "seat=0")
    assert (first.snapshot.name, first.snapshot.payload) == ("State", b"new")
    assert [(one.event.sequence, one.event.event.name) for one in events] == [(4, "E4")]
    assert last.WhichOneof("result") == "consistency_marker"
    assert last.consistency_marker == 6


def test_a_source_without_a_snapshot_has_all_events(client: DcbClient) -> None:
    client.append(*(tagged(f"E{n}", "seat=1") for n in range(3)))
    *events, last = sourced(client, KEY, "seat=1")
    assert [one.event.sequence for one in events] == [0, 1, 2]
    assert last.consistency_marker == 3
    (alone,) = sourced(client, KEY, "seat=2")
    assert alone.consistency_marker == 3


def test_classic_contexts_refuse_snapshots_by_key(channel: grpc.Channel) -> None:
    classic = DcbClient(channel)
    for call in (
        lambda: classic.add_snapshot(KEY, 1),
        lambda: classic.list_snapshots(KEY),
        lambda: sourced(classic, KEY),
    ):
        assert refused(call).axon_code == "RANVIER-CONTEXT-KIND"
