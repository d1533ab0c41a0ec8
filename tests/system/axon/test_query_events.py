"""QueryEvents: columns, rows, the end of history, live rows, permits, refusals."""

from __future__ import annotations

import grpc
import pytest

from ranvier.events.query.rows import iso_time
from ranvier.proto import event_pb2
from ranvier.services.run_queries import QueryLimits
from tests.support.axon_node import AxonNode, NodeSettings, now_ms
from tests.support.axon_stubs import ServiceStub, event_store_stub
from tests.support.live_call import LiveCall
from tests.system.axon.conftest import StartNode
from tests.system.axon.test_event_store_calls import event

Call = LiveCall[event_pb2.QueryEventsRequest, event_pb2.QueryEventsResponse]

PLENTY = 1_000_000


def asking(text: str = "", **options: object) -> event_pb2.QueryEventsRequest:
    request = event_pb2.QueryEventsRequest(query=text, number_of_permits=PLENTY)
    for name, value in options.items():
        setattr(request, name, value)
    return request


def querying(stub: ServiceStub, text: str = "", **options: object) -> Call:
    return LiveCall(stub.QueryEvents, asking(text, **options))


def answers(stub: ServiceStub, text: str = "", **options: object) -> list[dict[str, object]]:
    """Return the rows of a query that is not live, after a look at what stands around them."""
    with querying(stub, text, **options) as call:
        parts = call.rest()
    assert parts[0].WhichOneof("data") == "columns"
    assert parts[-1].files_completed.success
    assert [part.WhichOneof("data") for part in parts[1:-1]] == ["row"] * (len(parts) - 2)
    return [cells(part.row) for part in parts[1:-1]]


def cells(row: event_pb2.RowResponse) -> dict[str, object]:
    return {
        column: getattr(value, str(value.WhichOneof("data")), None)
        for column, value in row.values.items()
    }


def append(stub: ServiceStub, count: int, aggregate_id: str = "a", first: int = 0) -> None:
    stub.AppendEvent(iter([event(aggregate_id, at) for at in range(first, first + count)]))


def test_the_answer_has_the_columns_that_axon_has(stub: ServiceStub) -> None:
    append(stub, 1)
    with querying(stub) as call:
        columns, row, *_ = call.rest()
    expected = (
        "token eventIdentifier aggregateIdentifier aggregateSequenceNumber aggregateType"
        " payloadType payloadRevision payloadData timestamp metaData"
    )
    assert list(columns.columns.column) == expected.split()
    assert set(row.row.values) == set(expected.split())


def test_an_empty_query_answers_the_last_two_hundred_newest_first(stub: ServiceStub) -> None:
    append(stub, 250)
    assert [row["token"] for row in answers(stub)] == list(range(249, 49, -1))


def test_a_filter_looks_through_all_of_history(stub: ServiceStub) -> None:
    for start in range(0, 10_000, 1_000):
        append(stub, 1_000, "a", start)
    append(stub, 1, "needle")
    append(stub, 5_000, "b")
    found = answers(stub, "aggregateSequenceNumber = 0")
    assert [(row["token"], row["aggregateIdentifier"]) for row in found] == [
        (10_001, "b"),
        (10_000, "needle"),
        (0, "a"),
    ]


def test_a_limit_keeps_the_newest(stub: ServiceStub) -> None:
    append(stub, 50)
    assert [row["token"] for row in answers(stub, 'payloadType = "Opened" | limit 3')] == [
        49,
        48,
        47,
    ]


def test_a_filter_by_aggregate_hides_the_token(stub: ServiceStub) -> None:
    append(stub, 5, "b")
    append(stub, 3, "a")
    found = answers(stub, 'aggregateIdentifier = "a"')
    assert [row["aggregateSequenceNumber"] for row in found] == [2, 1, 0]
    assert all("token" not in row for row in found)


def test_a_time_window_in_the_text_or_beside_it(stub: ServiceStub) -> None:
    old, new = event("a", 0), event("a", 1)
    new.timestamp = now_ms()
    old.timestamp = new.timestamp - 2 * 3_600_000
    stub.AppendEvent(iter([old, new]))
    assert [row["token"] for row in answers(stub, "last 1 hour")] == [1]
    assert [row["token"] for row in answers(stub, "last 3 hours")] == [1, 0]
    windowed = asking()
    windowed.MergeFromString(b"\xa2\x06\x0blast 1 hour")  # field 100, which some clients add
    with LiveCall[event_pb2.QueryEventsRequest, event_pb2.QueryEventsResponse](
        stub.QueryEvents, windowed
    ) as call:
        assert len(call.rest()) == 3


def test_a_live_query_goes_on_with_what_matches(stub: ServiceStub) -> None:
    append(stub, 2)
    with querying(stub, 'aggregateIdentifier = "b"', live_events=True) as call:
        parts = call.take(2)
        assert parts[1].files_completed.success
        append(stub, 3, "b")
        append(stub, 1, "c")
        append(stub, 1, "b", 3)
        rows = [cells(part.row) for part in call.take(4)]
        assert [row["aggregateSequenceNumber"] for row in rows] == [0, 1, 2, 3]
        assert call.rest() == []


def test_rows_wait_for_permits_and_the_end_is_not_claimed_without_them(stub: ServiceStub) -> None:
    append(stub, 10)
    with querying(stub, number_of_permits=2) as call:
        assert [part.row.values["token"].number_value for part in call.take(3)[1:]] == [9, 8]
        call.send(asking(number_of_permits=3))
        assert len(call.take(3)) == 3
        assert call.rest() == []


def test_snapshots_of_an_aggregate_are_searched(stub: ServiceStub) -> None:
    append(stub, 5)
    for sequence in (1, 3):
        stub.AppendSnapshot(event("a", sequence, snapshot=True))
    found = answers(stub, 'aggregateIdentifier = "a"', query_snapshots=True)
    assert [row["aggregateSequenceNumber"] for row in found] == [3, 1]
    append(stub, 1, "b")
    stub.AppendSnapshot(event("b", 0, snapshot=True))
    everything = answers(stub, "", query_snapshots=True)
    assert [(row["aggregateIdentifier"], row["aggregateSequenceNumber"]) for row in everything] == [
        ("b", 0),
        ("a", 3),
        ("a", 1),
    ]
    assert all("token" not in row for row in everything)


def test_the_request_may_name_another_context(start_node: StartNode) -> None:
    node = start_node(NodeSettings(contexts=("default", "other")))
    with grpc.insecure_channel(node.address) as channel:
        stub = event_store_stub(channel)
        append(stub, 3)
        assert answers(stub, context_name="other") == []


@pytest.mark.parametrize("text", ["payloadType =", "unknownColumn = 1", '"', "last 5 parsecs"])
def test_a_query_that_cannot_be_read_is_refused_with_a_sentence(
    stub: ServiceStub, text: str
) -> None:
    refusal = querying(stub, text).refusal()
    assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.axon_code == "AXONIQ-2511"
    assert "Traceback" not in refusal.text


def test_queries_leave_nothing_behind(stub: ServiceStub, node: AxonNode) -> None:
    for _ in range(5):
        with querying(stub, live_events=True) as call:
            call.take(2)
    assert answers(stub) == []
    node.until(lambda: not node.follow_events.follower_count)


# Shapes.


def test_code_2511_tells_name_and_place_of_what_is_wrong(stub: ServiceStub) -> None:
    refusal = querying(stub, "token = 1 | selct(token)").refusal()
    assert refusal.axon_code == "AXONIQ-2511"
    assert "'selct' at position 13" in refusal.text


def test_code_2002_refuses_an_answer_of_too_many_groups(stub: ServiceStub) -> None:
    append(stub, 10_001)
    refusal = querying(stub, "groupby(aggregateSequenceNumber, count())").refusal()
    assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.axon_code == "AXONIQ-2002"
    unlimited = querying(stub, "sortby(token) | token != 5 | limit 2").refusal()
    assert unlimited.axon_code == "AXONIQ-2002"
    found = answers(stub, "sortby(token) | limit 2 | select(token)")
    assert found == [{"token": 0}, {"token": 1}]


def test_a_select_names_its_columns(stub: ServiceStub) -> None:
    append(stub, 2)
    with querying(stub, "select(token, length(payloadType) as n, timestamp as t)") as call:
        columns, newest, *_ = call.rest()
    assert list(columns.columns.column) == ["token", "n", "t"]
    assert cells(newest.row) == {
        "token": 1,
        "n": len(event("a", 0).payload.type),
        "t": iso_time(event("a", 1).timestamp),
    }


def test_groups_are_told_apart_by_their_keys(stub: ServiceStub) -> None:
    append(stub, 2, "a")
    append(stub, 3, "b")
    query = "groupby([aggregateIdentifier, aggregateType], count() as n) | sortby(n desc)"
    with querying(stub, query) as call:
        columns, *rows, done = call.rest()
    assert done.files_completed.success
    assert list(columns.columns.column) == ["aggregateIdentifier", "aggregateType", "n"]
    kind = event("a", 0).aggregate_type
    assert [[value.text_value for value in part.row.id_values] for part in rows] == [
        ["b", kind],
        ["a", kind],
    ]
    assert [[value.number_value for value in part.row.sort_values] for part in rows] == [[3], [2]]


def test_a_live_group_replaces_its_row_and_leaves_when_it_fits_no_more(stub: ServiceStub) -> None:
    append(stub, 2, "a")
    query = "groupby(aggregateIdentifier, count() as n) | n < 3"
    with querying(stub, query, live_events=True) as call:
        _, row, done = call.take(3)
        assert (cells(row.row), done.files_completed.success) == (
            {"aggregateIdentifier": "a", "n": 2},
            True,
        )
        append(stub, 1, "b")
        new = call.next().row
        assert cells(new) == {"aggregateIdentifier": "b", "n": 1}
        append(stub, 1, "b", 1)
        changed = call.next().row
        assert list(changed.id_values) == list(new.id_values)
        assert cells(changed)["n"] == 2
        append(stub, 1, "a", 2)
        gone = call.next().row
        assert [value.text_value for value in gone.id_values] == ["a"]
        assert not gone.values
        assert call.rest() == []


def test_a_live_order_sends_what_comes_before_its_limit(stub: ServiceStub) -> None:
    append(stub, 3)
    query = "sortby(token desc) | limit 2 | select(token)"
    with querying(stub, query, live_events=True) as call:
        assert [cells(part.row)["token"] for part in call.take(4)[1:3]] == [2, 1]
        assert call.rest() == []
    with querying(stub, query, live_events=True) as call:
        call.take(4)
        append(stub, 1, "b")
        gone, new = call.take(2)
        assert [value.number_value for value in gone.row.id_values] == [1]
        assert not gone.row.values
        assert cells(new.row) == {"token": 3}


def test_snapshots_can_be_shaped_too(stub: ServiceStub) -> None:
    append(stub, 40)
    for sequence in range(40):
        stub.AppendSnapshot(event("a", sequence, snapshot=True))
    query = 'aggregateIdentifier = "a" | count()'
    assert answers(stub, query, query_snapshots=True) == [{"count": 40}]


def test_no_more_rows_are_answered_than_a_node_allows(start_node: StartNode) -> None:
    node = start_node(NodeSettings(query_limits=QueryLimits(rows=3)))
    with grpc.insecure_channel(node.address) as channel:
        stub = event_store_stub(channel)
        append(stub, 5)
        assert len(answers(stub)) == 3


def test_a_query_that_takes_too_long_for_its_client_ends(start_node: StartNode) -> None:
    node = start_node(NodeSettings(query_limits=QueryLimits(timeout_seconds=0.05)))
    with grpc.insecure_channel(node.address) as channel:
        stub = event_store_stub(channel)
        append(stub, 5)
        refusal = querying(stub, number_of_permits=1).refusal()
        assert refusal.status is grpc.StatusCode.DEADLINE_EXCEEDED
        assert refusal.axon_code == "RANVIER-QUERY-TIMEOUT"
