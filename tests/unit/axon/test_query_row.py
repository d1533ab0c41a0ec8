"""Stored events as rows of a query, and rows as answers."""

from __future__ import annotations

from ranvier.axon.query_row import EventRow, row_response
from ranvier.events.query import COLUMNS, Answer
from ranvier.proto import event_pb2
from tests.support.new_events import axon_event


def full_event() -> event_pb2.Event:
    event = axon_event("account-1", 3, data=b"caf\xc3\xa9 \xff")
    event.payload.revision = "2"
    event.meta_data["text"].text_value = "t"
    event.meta_data["number"].number_value = -5
    event.meta_data["truth"].boolean_value = True
    event.meta_data["ratio"].double_value = 1.5
    event.meta_data["object"].bytes_value.data = b"o"
    event.meta_data["nothing"].SetInParent()
    return event


def test_a_row_has_every_column_of_the_language() -> None:
    row = EventRow(12, full_event().SerializeToString())
    assert {column: row.cell(column) for column in COLUMNS} == {
        "token": 12,
        "eventIdentifier": "account-1-3",
        "aggregateIdentifier": "account-1",
        "aggregateSequenceNumber": 3,
        "aggregateType": "Account",
        "payloadType": "Opened",
        "payloadRevision": "2",
        "payloadData": "café �",
        "timestamp": 3,
        "metaData": {
            "text": "t",
            "number": -5,
            "truth": True,
            "ratio": 1.5,
            "object": "o",
            "nothing": None,
        },
    }


def test_an_answer_holds_identity_order_and_cells() -> None:
    answer = Answer((12, "x"), (1.5, None), {"text": "t", "whole": -1, "truth": True, "none": None})
    row = event_pb2.QueryEventsResponse.FromString(row_response(answer)).row
    assert [value.WhichOneof("data") for value in row.id_values] == ["number_value", "text_value"]
    assert [value.WhichOneof("data") for value in row.sort_values] == ["double_value", None]
    assert row.values["text"].text_value == "t"
    assert row.values["whole"].number_value == -1
    assert row.values["truth"].boolean_value
    assert row.values["none"].WhichOneof("data") is None


def test_an_answer_that_takes_a_row_away_has_no_values() -> None:
    row = event_pb2.QueryEventsResponse.FromString(row_response(Answer((12,), (), None))).row
    assert [value.number_value for value in row.id_values] == [12]
    assert not row.values
