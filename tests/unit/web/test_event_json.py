"""Stored events as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ranvier.proto.common_pb2 import MetaDataValue, SerializedObject
from ranvier.proto.event_pb2 import Event
from ranvier.web.event_json import event_to_json, iso_time


def shown(event: Event, token: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event_to_json(event.SerializeToString(), token))
    return found


FULL = Event(
    message_identifier="m-1",
    aggregate_identifier="order-1",
    aggregate_sequence_number=7,
    aggregate_type="Order",
    timestamp=1_700_000_000_123,
    payload=SerializedObject(type="OrderPlaced", revision="2", data='{"ä": "\0"}'.encode()),
    meta_data={
        "text": MetaDataValue(text_value="a"),
        "number": MetaDataValue(number_value=-(2**63)),
        "switch": MetaDataValue(boolean_value=False),
        "ratio": MetaDataValue(double_value=0.5),
        "bytes": MetaDataValue(bytes_value=SerializedObject(type="T", data=b"\xff")),
        "empty": MetaDataValue(),
    },
    snapshot=True,
)


def test_every_field_is_shown() -> None:
    assert shown(FULL, token=9) == {
        "token": 9,
        "messageId": "m-1",
        "aggregateId": "order-1",
        "aggregateSequenceNumber": 7,
        "aggregateType": "Order",
        "timestamp": "2023-11-14T22:13:20.123Z",
        "payloadType": "OrderPlaced",
        "payloadRevision": "2",
        "payload": '{"ä": "\0"}',
        "metaData": {
            "text": "a",
            "number": -(2**63),
            "switch": False,
            "ratio": 0.5,
            "bytes": {"type": "T", "revision": "", "data": "/w==", "encoding": "base64"},
            "empty": "",
        },
        "snapshot": True,
    }


def test_an_event_that_is_no_snapshot_and_has_no_token_says_nothing_of_either() -> None:
    found = shown(Event(message_identifier="m"))
    assert "token" not in found
    assert "snapshot" not in found


def test_bytes_that_are_no_text_are_in_base_64() -> None:
    found = shown(Event(payload=SerializedObject(data=b"\x00\xff")))
    assert (found["payload"], found["payloadEncoding"]) == ("AP8=", "base64")


def test_numbers_that_json_does_not_know_are_null() -> None:
    event = Event(meta_data={"ratio": MetaDataValue(double_value=float("nan"))})
    assert shown(event)["metaData"] == {"ratio": None}


def test_one_event_is_one_line() -> None:
    event = Event(payload=SerializedObject(data=b"a\r\nb\n\n"))
    assert b"\n" not in event_to_json(event.SerializeToString())
    assert b"\r" not in event_to_json(event.SerializeToString())


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (253_402_300_800_000, 253_402_300_800_000),
        (-(2**63), -(2**63)),
        (2**63 - 1, 2**63 - 1),
    ],
)
def test_times_beyond_the_calendar_stay_numbers(time_ms: int, text: str | int) -> None:
    assert iso_time(time_ms) == text
