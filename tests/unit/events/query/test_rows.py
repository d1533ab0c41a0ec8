from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.events.query import COLUMNS, shown
from ranvier.events.query.rows import iso_time
from tests.support.event_row import ACCOUNT_OPENED, EventRow


def test_the_columns_are_those_that_clients_know() -> None:
    assert COLUMNS == (
        "token",
        "eventIdentifier",
        "aggregateIdentifier",
        "aggregateSequenceNumber",
        "aggregateType",
        "payloadType",
        "payloadRevision",
        "payloadData",
        "timestamp",
        "metaData",
    )


def test_an_event_is_shown_with_its_time_and_metadata_as_text() -> None:
    assert shown(ACCOUNT_OPENED, COLUMNS) == {
        "token": 5,
        "eventIdentifier": "e-5",
        "aggregateIdentifier": "account-1",
        "aggregateSequenceNumber": 3,
        "aggregateType": "Account",
        "payloadType": "com.acme.AccountOpened",
        "payloadRevision": "2",
        "payloadData": '{"owner":"ACME","limit":1.5}',
        "timestamp": "2023-11-14T22:13:20.123Z",
        "metaData": "{attempt=2, retried=true, traceId=t-1}",
    }


def test_only_the_asked_columns_are_shown_and_nothing_stays_nothing() -> None:
    assert shown(EventRow({"metaData": None}), ("metaData",)) == {"metaData": None}
    assert shown(EventRow({"metaData": ("a", 1)}), ("metaData",)) == {"metaData": "[a, 1]"}
    assert shown(EventRow({"timestamp": "soon"}), ("timestamp",)) == {"timestamp": "soon"}


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_700_000_000_120, "2023-11-14T22:13:20.120Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (253_402_300_800_000, "253402300800000"),
        (2**63 - 1, "9223372036854775807"),
        (-(2**63), "-9223372036854775808"),
    ],
)
def test_times_are_shown_as_iso_8601_or_as_their_number(time_ms: int, text: str) -> None:
    assert iso_time(time_ms) == text


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_a_shown_time_reads_back_as_the_same_moment(time_ms: int) -> None:
    read = datetime.fromisoformat(iso_time(time_ms))
    assert (read - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000 == pytest.approx(
        time_ms, abs=0.02
    )
