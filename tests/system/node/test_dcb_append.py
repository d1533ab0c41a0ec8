"""`axonclient`'s append with a condition, on a node whose default context is a DCB context."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx2
import pytest
from axonclient.client import AxonClient, AxonEvent
from axonclient.protos import dcb_pb2

from tests.support.node_program import running_node

NOT_MET = (
    "io.axoniq.axonserver.eventstore.api.ConsistencyConditionException:"
    " Consistency condition is not met."
)
NEVER = 2**63 - 1


@pytest.fixture
def client(tmp_path: Path) -> Iterator[AxonClient]:
    with running_node(tmp_path / "data", "--default-context-dcb") as node:
        opened = AxonClient(node.grpc_address)
        yield opened
        opened.close_connection()


def tagged(name: str, seat: bytes) -> dcb_pb2.TaggedEvent:
    return dcb_pb2.TaggedEvent(
        event=dcb_pb2.Event(identifier=f"id-{name}", timestamp=1, name=name, payload=b"{}"),
        tag=[dcb_pb2.Tag(key=b"seat", value=seat)],
    )


def condition(marker: int, seat: bytes, *names: str) -> dcb_pb2.ConsistencyCondition:
    criterion = dcb_pb2.TagsAndNamesCriterion(
        tag=[dcb_pb2.Tag(key=b"seat", value=seat)], name=names
    )
    return dcb_pb2.ConsistencyCondition(
        consistency_marker=marker, criterion=[dcb_pb2.Criterion(tags_and_names=criterion)]
    )


def refusal_of(client: AxonClient, marker: int, seat: bytes, *names: str) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as refused:
        client.dcb_append([tagged("SeatTaken", seat)], condition(marker, seat, *names))
    return refused.value


def test_the_second_of_two_on_the_same_boundary_is_refused(client: AxonClient) -> None:
    client.dcb_append([tagged("SeatTaken", b"12A")], condition(-1, b"12A"))
    refusal = refusal_of(client, -1, b"12A")
    assert refusal.code() is grpc.StatusCode.CANCELLED
    assert refusal.details() == NOT_MET
    client.dcb_append([tagged("SeatTaken", b"12B")], condition(-1, b"12B"))


def test_the_marker_and_the_names_bound_what_conflicts(client: AxonClient) -> None:
    client.dcb_append([tagged("SeatTaken", b"1")], condition(-1, b"1"))
    client.dcb_append([tagged("SeatFreed", b"1")], condition(1, b"1"))
    client.dcb_append([tagged("SeatTaken", b"1")], condition(0, b"1", "SeatSold"))
    client.dcb_append([tagged("SeatTaken", b"1")], condition(NEVER, b"1"))
    assert refusal_of(client, 1, b"1", "SeatFreed").details() == NOT_MET


def test_classic_events_do_not_go_into_it(client: AxonClient) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        client.append_event(AxonEvent("a", 0, "T"))
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "DCB context" in str(refused.value.details())


def test_rest_shows_no_events_of_another_shape(tmp_path: Path) -> None:
    with running_node(tmp_path / "dcb", "--default-context-dcb") as node:
        answer = httpx2.get(f"{node.http_address}/v1/events", params={"timeout": 0})
        assert answer.status_code == 409
        assert answer.json()["code"] == "RANVIER-CONTEXT-KIND"


def test_a_classic_context_takes_no_dcb_events(tmp_path: Path) -> None:
    with running_node(tmp_path / "classic") as node:
        client = AxonClient(node.grpc_address)
        with pytest.raises(grpc.RpcError) as refused:
            client.dcb_append([tagged("SeatTaken", b"1")], condition(-1, b"1"))
        client.close_connection()
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
