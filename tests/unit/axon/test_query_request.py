"""What is read of a query, and what a handler gets of it."""

from __future__ import annotations

import pytest

from ranvier.axon.errors import BrokenMessage
from ranvier.axon.query_request import asked_query, query_for_handler
from ranvier.proto import common_pb2
from ranvier.proto.common_pb2 import MetaDataValue, ProcessingInstruction
from ranvier.proto.query_pb2 import QueryRequest
from ranvier.services.running_query import QueryHints


def number(key: common_pb2.ProcessingKey, value: int) -> ProcessingInstruction:
    return ProcessingInstruction(key=key, value=MetaDataValue(number_value=value))


def flag(key: common_pb2.ProcessingKey, *, value: bool) -> ProcessingInstruction:
    return ProcessingInstruction(key=key, value=MetaDataValue(boolean_value=value))


STREAMING = flag(common_pb2.CLIENT_SUPPORTS_STREAMING, value=True)


def request(*hints: ProcessingInstruction) -> bytes:
    asked = QueryRequest(
        message_identifier="q-1", query="Find", timestamp=1, processing_instructions=hints
    )
    asked.meta_data["zone"].text_value = "east"
    asked.meta_data["count"].number_value = 3
    asked.meta_data["old"].boolean_value = True
    return asked.SerializeToString()


@pytest.mark.parametrize(
    ("hints", "read", "is_streaming"),
    [
        ([], QueryHints(0, 5_000), False),
        ([number(common_pb2.PRIORITY, -7)], QueryHints(-7, 5_000), False),
        ([number(common_pb2.TIMEOUT, 100)], QueryHints(0, 100), False),
        ([number(common_pb2.TIMEOUT, 0)], QueryHints(0, 5_000), False),
        ([number(common_pb2.TIMEOUT, -1)], QueryHints(0, 5_000), False),
        ([number(common_pb2.NR_OF_RESULTS, 1)], QueryHints(0, 5_000), False),
        ([STREAMING, number(common_pb2.PRIORITY, 2)], QueryHints(2, 5_000), True),
        (
            [flag(common_pb2.CLIENT_SUPPORTS_STREAMING, value=False)],
            QueryHints(0, 5_000),
            False,
        ),
        ([flag(common_pb2.SERVER_SUPPORTS_STREAMING, value=True)], QueryHints(0, 5_000), False),
    ],
)
def test_hints_are_read(
    hints: list[ProcessingInstruction], read: QueryHints, is_streaming: bool
) -> None:
    query = asked_query("default", request(*hints))
    assert (query.query_id, query.name) == ("q-1", "Find")
    assert query.hints() == read
    assert query.is_streaming is is_streaming


def test_metadata_is_read_as_text() -> None:
    assert asked_query("default", request()).metadata() == {
        "zone": "east",
        "count": "3",
        "old": "true",
    }


def test_a_query_that_has_not_waited_goes_on_as_it_came() -> None:
    message = request(number(common_pb2.TIMEOUT, 100)) + b"\xfa\x3e\x00"  # and a field of tomorrow
    assert query_for_handler(asked_query("default", message), None) == message


def test_a_query_that_has_waited_has_one_timeout_the_time_left() -> None:
    message = request(number(common_pb2.TIMEOUT, 100), number(common_pb2.NR_OF_RESULTS, 1))
    given = QueryRequest.FromString(query_for_handler(asked_query("default", message), 40))
    hints = {each.key: each.value.number_value for each in given.processing_instructions}
    assert hints == {common_pb2.TIMEOUT: 40, common_pb2.NR_OF_RESULTS: 1}
    assert len(given.processing_instructions) == 2


def test_a_streaming_query_gets_the_servers_hint_beside_the_clients() -> None:
    given = query_for_handler(asked_query("default", request(STREAMING)), None)
    added = flag(common_pb2.SERVER_SUPPORTS_STREAMING, value=True)
    assert list(QueryRequest.FromString(given).processing_instructions) == [STREAMING, added]


def test_broken_bytes_are_refused() -> None:
    with pytest.raises(BrokenMessage):
        asked_query("default", b"\xff")
