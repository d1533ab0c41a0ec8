"""Appends that are refused before they are judged: nothing is stored, the next one is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import grpc
from axonclient.protos import dcb_pb2

from tests.support.dcb_client import DcbClient, criterion, tagged
from tests.support.live_call import Refusal, refused

CONDITION = dcb_pb2.AppendEventsRequest(
    condition=dcb_pb2.ConsistencyCondition(consistency_marker=0, criterion=[criterion("seat=1")])
)


def refusal_of(client: DcbClient, requests: Sequence[dcb_pb2.AppendEventsRequest]) -> Refusal:
    refusal = refused(
        lambda: client.events.Append(iter(requests), metadata=client.metadata, timeout=60)
    )
    assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
    assert client.head() == 0
    assert client.append(tagged("After")).consistency_marker == 1
    return refusal


def test_a_condition_may_come_alone_and_first(client: DcbClient) -> None:
    event = dcb_pb2.AppendEventsRequest(event=[tagged("Taken", "seat=1")])
    for _ in range(2):
        answer = client.events.Append(iter([event, event]), metadata=client.metadata, timeout=60)
        assert answer.transaction_size == 2
    refusal = refused(
        lambda: client.events.Append(
            iter([CONDITION, event, event]), metadata=client.metadata, timeout=60
        )
    )
    assert refusal.text.endswith("Consistency condition is not met.")
    assert client.head() == 4


def test_ranvier_second_condition(client: DcbClient) -> None:
    event = dcb_pb2.AppendEventsRequest(event=[tagged("Taken")])
    refusal = refusal_of(client, [CONDITION, event, CONDITION])
    assert refusal.axon_code == "RANVIER-SECOND-CONDITION"


def test_axoniq_2001_for_too_many_bytes(client: DcbClient) -> None:
    large = dcb_pb2.AppendEventsRequest(event=[tagged("Large", payload=bytes(4_000_000))])
    assert refusal_of(client, [large] * 5).axon_code == "AXONIQ-2001"


def test_axoniq_2002_for_too_many_events(client: DcbClient) -> None:
    many = dcb_pb2.AppendEventsRequest(event=[tagged("Small")] * 10_000)
    assert refusal_of(client, [many] * 4).axon_code == "AXONIQ-2002"


def test_ranvier_invalid_event_for_what_no_database_stores(client: DcbClient) -> None:
    for event in (
        tagged("na\0me"),
        tagged("n" * 256),
        tagged("Many", *(f"n={n}" for n in range(65))),
    ):
        refusal = refused(partial(client.append, event))
        assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
        assert refusal.axon_code == "RANVIER-INVALID-EVENT"
    assert client.head() == 0
