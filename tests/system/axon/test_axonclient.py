"""The public package `axonclient`, unchanged: every call that it has."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import grpc
import pytest
from axonclient.client import AxonClient, AxonEvent
from axonclient.exceptions import OutOfRangeError
from axonclient.protos.event_pb2 import PayloadDescription

from tests.support.axon_node import AxonNode


@pytest.fixture
def client(node: AxonNode) -> Iterator[AxonClient]:
    client = AxonClient(node.address)
    yield client
    client.close_connection()


def event(aggregate_id: str, sequence: int, **changes: Any) -> AxonEvent:
    fields: dict[str, Any] = {
        "aggregate_identifier": aggregate_id,
        "aggregate_sequence_number": sequence,
        "aggregate_type": "Account",
        "message_identifier": str(uuid4()),
        "timestamp": 1_700_000_000_000 + sequence,
        "payload_type": "Opened",
        "payload_revision": "1",
        "payload_data": b"\x00\xffpayload",
    }
    return AxonEvent(**(fields | changes))


def test_an_unknown_aggregate_is_empty(client: AxonClient) -> None:
    assert client.list_aggregate_events("nobody", 0, False) == []
    assert client.list_aggregate_events("nobody", 0, True) == []


def test_events_come_back_as_they_were_sent(client: AxonClient) -> None:
    events = [event("a", sequence) for sequence in range(5)]
    client.append_event(events[0])
    client.append_event(events[1:])
    assert client.list_aggregate_events("a", 0, False) == events
    assert client.list_aggregate_events("a", 3, False) == events[3:]
    assert client.list_aggregate_events("a", 9, False) == []


def test_an_empty_append_succeeds(client: AxonClient) -> None:
    client.append_event([])
    assert client.get_last_token() == -1


@pytest.mark.parametrize("sequences", [[0], [2], [1, 1], [1, 3], [2, 1]])
def test_a_wrong_sequence_is_refused_and_nothing_is_stored(
    client: AxonClient, sequences: list[int]
) -> None:
    client.append_event(event("a", 0))
    with pytest.raises(OutOfRangeError) as refusal:
        client.append_event([event("a", sequence) for sequence in sequences])
    assert "Invalid sequence number" in refusal.value.args[0]
    assert len(client.list_aggregate_events("a", 0, False)) == 1
    assert client.get_last_token() == 0


def test_one_transaction_writes_to_several_aggregates_or_to_none(client: AxonClient) -> None:
    client.append_event([event("a", 0), event("b", 0), event("a", 1)])
    with pytest.raises(OutOfRangeError):
        client.append_event([event("a", 2), event("b", 5)])
    assert len(client.list_aggregate_events("a", 0, False)) == 2
    assert len(client.list_aggregate_events("b", 0, False)) == 1


def test_the_aggregate_identifier_alone_is_the_key(client: AxonClient) -> None:
    client.append_event(event("a", 0))
    client.append_event(event("a", 1, aggregate_type="Other"))
    with pytest.raises(OutOfRangeError):
        client.append_event(event("a", 0, aggregate_type="Third"))


def test_tokens(client: AxonClient) -> None:
    assert (client.get_first_token(), client.get_last_token()) == (0, -1)
    client.append_event([event("a", 0), event("a", 1)])
    client.append_event(event("b", 0))
    assert (client.get_first_token(), client.get_last_token()) == (0, 2)


def test_the_log_is_listed_from_a_token_up_to_the_permits(client: AxonClient) -> None:
    events = [event("a", sequence) for sequence in range(7)]
    client.append_event(events)
    assert client.list_events() == list(enumerate(events))
    assert client.list_events(tracking_token=2, number_of_permits=3) == [
        (token, events[token]) for token in (2, 3, 4)
    ]


def test_the_next_token_is_listed_as_nothing(client: AxonClient) -> None:
    assert client.list_events(tracking_token=0, number_of_permits=10) == []


def test_a_token_beyond_the_head_is_listed_as_nothing(client: AxonClient) -> None:
    client.append_event(event("a", 0))
    assert client.list_events(tracking_token=3) == []


def test_blocked_types_are_left_out_of_the_list(client: AxonClient) -> None:
    client.append_event(
        [event("a", at, payload_type="Odd" if at % 2 else "Even") for at in range(6)]
    )
    blocked = [PayloadDescription(type="Odd", revision="1")]
    assert [token for token, _ in client.list_events(blacklist=blocked)] == [0, 2, 4]


def test_snapshots_are_stored_listed_and_used(client: AxonClient) -> None:
    events = [event("a", sequence) for sequence in range(6)]
    client.append_event(events)
    assert client.list_snapshot_events("a") == []
    snapshots = {at: event("a", at, snapshot=True, payload_type="State") for at in (1, 3)}
    for snapshot in snapshots.values():
        client.append_snapshot(snapshot)
    assert client.list_snapshot_events("a") == [snapshots[3], snapshots[1]]
    assert client.list_snapshot_events("a", max_results=1) == [snapshots[3]]
    assert client.list_snapshot_events("a", initial_sequence=2) == [snapshots[3]]
    assert client.list_snapshot_events("a", max_sequence=2) == [snapshots[1]]
    assert client.list_snapshot_events("a", max_sequence=-1) == []
    assert client.list_aggregate_events("a", 0, True) == [snapshots[3], *events[4:]]
    assert client.list_aggregate_events("a", 4, True) == events[4:]
    assert client.list_aggregate_events("a", 0, False) == events


def test_a_snapshot_ahead_of_its_aggregate_is_refused_in_the_expected_words(
    client: AxonClient,
) -> None:
    aggregate_id = str(uuid4())
    client.append_event(event(aggregate_id, 0))
    with pytest.raises(grpc.RpcError) as refusal:
        client.append_snapshot(event(aggregate_id, 1, snapshot=True))
    assert refusal.value.code() is grpc.StatusCode.OUT_OF_RANGE
    assert refusal.value.details() == (
        "[AXONIQ-2000] Invalid sequence number while storing snapshot."
        f" Highest aggregate {aggregate_id} sequence number: 0, snapshot sequence 1."
    )
    assert client.list_snapshot_events(aggregate_id) == []


def test_a_follower_tails_every_event_while_four_clients_append(node: AxonNode) -> None:
    def write(name: str) -> None:
        client = AxonClient(node.address)
        for sequence in range(50):
            client.append_event(event(name, sequence))
        client.close_connection()

    follower = AxonClient(node.address)
    seen: list[tuple[int, AxonEvent]] = []
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, name) for name in "abcd"]
        while len(seen) < 200:
            seen += follower.iter_events(tracking_token=len(seen))
        for writer in writers:
            writer.result()
    follower.close_connection()
    assert [token for token, _ in seen] == list(range(200))
    for name in "abcd":
        mine = [one for _, one in seen if one.aggregate_identifier == name]
        assert [one.aggregate_sequence_number for one in mine] == list(range(50))
