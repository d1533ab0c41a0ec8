"""What `POST /v1/events` and `POST /v1/snapshots` take and refuse."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.events.event import NewEvent
from ranvier.events.snapshot import Snapshot
from ranvier.proto.event_pb2 import Event
from ranvier.web.errors import InvalidBody, MessageTooLarge
from ranvier.web.event_json import event_to_json
from ranvier.web.posted_messages import (
    PostedPayload,
    PostingRules,
    decode_message,
    decode_messages,
    metadata_texts,
    new_event,
    new_snapshot,
)


def test_metadata_is_compared_as_the_text_that_grpc_makes_of_it() -> None:
    posted = PostedPayload(type="T", data="x")
    texts = metadata_texts({"vip": True, "old": False, "n": 7, "region": "eu", "more": posted})
    assert texts == {"vip": "true", "old": "false", "n": "7", "region": "eu"}
    assert metadata_texts(None) == {}


def rules() -> PostingRules:
    numbers = itertools.count()
    return PostingRules(lambda: 42, lambda: f"minted-{next(numbers)}", 100_000)


def events_of(body: bytes | str) -> list[NewEvent]:
    made = rules()
    messages = decode_messages(body.encode() if isinstance(body, str) else body)
    return [new_event(message, made) for message in messages]


def event_of(**fields: object) -> Event:
    return Event.FromString(events_of(json.dumps({"payload": {}} | fields))[0].data)


def snapshot_of(**fields: object) -> Snapshot:
    return new_snapshot(decode_message(json.dumps(fields).encode()), rules())


MESSAGE = {
    "messageId": "m-1",
    "aggregateId": "order-1",
    "aggregateSequenceNumber": 7,
    "aggregateType": "Order",
    "dateTime": "2023-11-14T22:13:20.123Z",
    "metaData": {"text": "a", "number": 3, "switch": True, "ratio": 0.5, "typed": {"data": "d"}},
    "payload": {"type": "OrderPlaced", "revision": "2", "data": "{}"},
}


def test_a_message_becomes_the_event_that_is_stored() -> None:
    (event,) = events_of(json.dumps({"messages": [MESSAGE]}))
    assert (event.name, event.time_ms) == ("OrderPlaced", 1_700_000_000_123)
    assert (event.aggregate_id, event.aggregate_type, event.sequence) == ("order-1", "Order", 7)
    stored = Event.FromString(event.data)
    assert stored.message_identifier == "m-1"
    assert (stored.payload.revision, stored.payload.data) == ("2", b"{}")
    kinds = {key: value.WhichOneof("data") for key, value in stored.meta_data.items()}
    assert kinds == {
        "text": "text_value",
        "number": "number_value",
        "switch": "boolean_value",
        "ratio": "double_value",
        "typed": "bytes_value",
    }


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [MESSAGE, MESSAGE]},
        [MESSAGE, MESSAGE],
    ],
)
def test_a_list_may_stand_bare(body: object) -> None:
    assert [event.sequence for event in events_of("\n " + json.dumps(body))] == [7, 7]


def test_one_message_may_stand_bare() -> None:
    assert [event.sequence for event in events_of(json.dumps(MESSAGE))] == [7]


def test_what_is_not_given_is_made() -> None:
    first, second = events_of('[{"payload": {}}, {"payload": {}}]')
    assert (first.time_ms, first.aggregate_id, first.sequence, first.name) == (42, None, 0, "")
    identifiers = [Event.FromString(event.data).message_identifier for event in (first, second)]
    assert identifiers == ["minted-0", "minted-1"]


def test_null_counts_as_not_given() -> None:
    fields = dict.fromkeys(MESSAGE.keys() - {"payload"})
    assert event_of(**fields) == event_of()


def test_without_an_aggregate_type_an_event_belongs_to_no_aggregate() -> None:
    (event,) = events_of('{"aggregateId": "order-1", "aggregateSequenceNumber": 4, "payload": {}}')
    assert event.aggregate_id is None
    assert Event.FromString(event.data).aggregate_identifier == "order-1"


@pytest.mark.parametrize(
    ("date_time", "time_ms"),
    [
        (1_700_000_000_123, 1_700_000_000_123),
        (-5, -5),
        ("2023-11-14T23:13:20.123+01:00", 1_700_000_000_123),
        ("2023-11-14T22:13:20.123", 1_700_000_000_123),
        ("1970-01-01", 0),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200_000),
    ],
)
def test_times_are_iso_8601_or_milliseconds(date_time: str | int, time_ms: int) -> None:
    assert event_of(dateTime=date_time).timestamp == time_ms


def test_bytes_come_in_base_64() -> None:
    event = event_of(payload={"data": "AP8=", "encoding": "base64"})
    assert event.payload.data == b"\x00\xff"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "the body"),
        ("{", "the body"),
        ("NaN", "the body"),
        ('{"messages": []} x', "the body"),
        (b'{"messageId": "\xff"}', "the body"),
        ('{"messageId": "\\ud800"}', "the body"),
        pytest.param("[" * 100_000, "[0]", id="deep arrays"),
        pytest.param('{"a":' * 100_000, "the body", id="deep objects"),
        ("null", "the body"),
        ("7", "the body"),
        ('"text"', "the body"),
        ('{"messages": {}}', "messages"),
        ('{"messages": null}', "messages"),
        ('{"messages": [1]}', "messages[0]"),
        ('{"messages": [], "context": "a"}', "context"),
        ('{"messages": [{"agregateId": "a"}]}', "messages[0].agregateId"),
        ('[{}, {"messageId": 5}]', "[1].messageId"),
        ('{"aggregateSequenceNumber": -1}', "aggregateSequenceNumber"),
        ('{"aggregateSequenceNumber": 1.5}', "aggregateSequenceNumber"),
        ('{"aggregateSequenceNumber": true}', "aggregateSequenceNumber"),
        ('{"aggregateSequenceNumber": 9223372036854775808}', "aggregateSequenceNumber"),
        ('{"aggregateSequenceNumber": 1e400}', "aggregateSequenceNumber"),
        pytest.param(
            '{"aggregateSequenceNumber": ' + "9" * 5_000 + "}",
            "aggregateSequenceNumber",
            id="long number",
        ),
        ('{"dateTime": 9223372036854775808}', "dateTime"),
        ('{"dateTime": "yesterday"}', "dateTime"),
        ('{"dateTime": "2023-02-30"}', "dateTime"),
        ('{"dateTime": 1.5}', "dateTime"),
        ('{"metaData": {"a": null}}', "metaData[...]"),
        pytest.param(
            json.dumps({"metaData": dict.fromkeys(map(str, range(1_001)), 1)}),
            "metaData",
            id="much metadata",
        ),
        pytest.param("[" + "{}," * 1_000_000 + "{}]", "the body", id="tiny values"),
        ('{"metaData": {"a": [1]}}', "metaData[...]"),
        ('{"metaData": {"a": 9223372036854775808}}', "metaData.a"),
        ('{"metaData": {"a": {"data": "*", "encoding": "base64"}}}', "metaData.a.data"),
        ('{"payload": {"data": {"a": 1}}}', "payload.data"),
        ('{"payload": {"data": "ä", "encoding": "base64"}}', "payload.data"),
        ('{"payload": {"encoding": "hex"}}', "payload.encoding"),
        ('{"aggregateType": "Order"}', "aggregateId"),
        ("{}", "payload"),
        ('{"payload": null}', "payload"),
    ],
)
def test_what_is_wrong_is_named(body: str | bytes, field: str) -> None:
    with pytest.raises(InvalidBody) as refusal:
        events_of(body)
    assert refusal.value.field == field


def test_a_body_that_is_wrong_as_a_whole_is_told_so() -> None:
    with pytest.raises(InvalidBody, match=r"^The body is refused: expected "):
        events_of("7")


def test_commas_in_texts_are_no_values() -> None:
    text = "," * 1_000_000 + '"' + "\\" + '\\"'
    with pytest.raises(MessageTooLarge):
        events_of(json.dumps({"payload": {"data": text}}))


def test_a_message_that_grpc_could_not_carry_is_not_stored() -> None:
    events_of(json.dumps({"payload": {"data": "a" * 99_000}}))
    with pytest.raises(MessageTooLarge, match="limit is 100000"):
        events_of(json.dumps({"payload": {"data": "a" * 100_000}}))


def test_an_unknown_field_is_told_with_those_that_are_known() -> None:
    with pytest.raises(InvalidBody, match="aggregateSequenceNumber"):
        events_of('{"sequence": 1}')


def test_a_snapshot_says_which_aggregate_and_when() -> None:
    snapshot = snapshot_of(**MESSAGE)
    assert (snapshot.aggregate_id, snapshot.sequence) == ("order-1", 7)
    assert (snapshot.name, snapshot.time_ms) == ("OrderPlaced", 1_700_000_000_123)
    assert Event.FromString(snapshot.data).snapshot


@pytest.mark.parametrize("missing", ["aggregateId", "aggregateSequenceNumber"])
def test_a_snapshot_without_its_place_is_refused(missing: str) -> None:
    fields = {name: value for name, value in MESSAGE.items() if name != missing}
    with pytest.raises(InvalidBody) as refusal:
        snapshot_of(**fields)
    assert refusal.value.field == missing


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
almost_messages = st.dictionaries(
    st.sampled_from([*MESSAGE, "type", "data", "encoding", "revision", "messages"]), json_values
)


@given(st.binary() | almost_messages.map(json.dumps) | st.lists(almost_messages).map(json.dumps))
def test_whatever_comes_is_taken_or_refused(body: bytes | str) -> None:
    try:
        events = events_of(body)
    except InvalidBody:
        return
    for event in events:
        assert json.loads(event_to_json(event.data))
