from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.events.query import COLUMNS, DEFAULT_LIMIT_ROWS, QueryPlan, parse
from tests.support.event_row import ACCOUNT_OPENED, EventRow

NOW_MS = 1_700_000_000_500
HOUR_MS = 3_600_000


def plan(text: str) -> QueryPlan:
    return parse(text).plan(NOW_MS)


def matches(asked: QueryPlan, row: EventRow) -> bool:
    return asked.run().feed(row) is not None


def limit_of(asked: QueryPlan) -> int:
    """Return how many rows are answered where each matches."""
    run = asked.run()
    return sum(run.feed(ACCOUNT_OPENED) is not None for _ in range(DEFAULT_LIMIT_ROWS + 1))


def test_an_empty_query_asks_for_the_newest_two_hundred() -> None:
    asked = plan("")
    assert limit_of(asked) == DEFAULT_LIMIT_ROWS == 200
    assert asked.columns == COLUMNS
    assert (asked.first_token, asked.before_token, asked.earliest_time_ms) == (0, None, 0)
    assert asked.aggregate_id is None
    assert matches(asked, ACCOUNT_OPENED)


def test_the_default_limit_is_the_nodes_to_set() -> None:
    assert limit_of(parse("").plan(NOW_MS, default_limit=7)) == 7
    assert limit_of(parse("limit 9").plan(NOW_MS, default_limit=7)) == 9


def test_the_narrowest_of_several_limits_and_windows_counts() -> None:
    asked = plan("last 2 hours | last 1 hour | last 3 hours | limit 9 | limit 5 | limit 7")
    assert limit_of(asked) == 5
    assert asked.earliest_time_ms == NOW_MS - HOUR_MS


def test_a_window_ends_at_the_beginning_of_time() -> None:
    assert plan("last 9000 years").earliest_time_ms == 0


def test_the_same_query_is_planned_anew_at_each_moment() -> None:
    query = parse("last hour")
    assert [query.plan(now).earliest_time_ms for now in (HOUR_MS + 1, HOUR_MS + 2)] == [1, 2]


@pytest.mark.parametrize(
    ("time_ms", "expected"),
    [(NOW_MS - HOUR_MS, True), (NOW_MS - HOUR_MS - 1, False), (NOW_MS + 1, True), ("?", False)],
)
def test_rows_older_than_the_window_do_not_match(time_ms: int | str, expected: bool) -> None:
    assert matches(plan("last hour"), EventRow({"timestamp": time_ms})) is expected


def test_one_aggregate_is_read_by_its_identifier_and_without_tokens() -> None:
    asked = plan('aggregateIdentifier = "account-1"')
    assert asked.aggregate_id == "account-1"
    assert asked.columns == COLUMNS[1:]
    assert asked.identity_columns == ("aggregateSequenceNumber",)
    assert matches(asked, ACCOUNT_OPENED)
    assert plan("").identity_columns == ("token",)


def test_snapshots_are_told_apart_by_aggregate_and_number() -> None:
    asked = parse("token > 1").plan(NOW_MS, of_snapshots=True)
    assert asked.columns == COLUMNS[1:]
    assert asked.identity_columns == ("aggregateIdentifier", "aggregateSequenceNumber")
    one = parse('aggregateIdentifier = "a" and token > 1').plan(NOW_MS, of_snapshots=True)
    assert (one.aggregate_id, one.identity_columns) == ("a", ("aggregateSequenceNumber",))


@pytest.mark.parametrize(
    ("text", "aggregate_id"),
    [
        ('"a" = aggregateIdentifier', "a"),
        ('payloadType = "x" and aggregateIdentifier = "a"', "a"),
        ('(payloadType = "x" and (aggregateIdentifier = "a" and 1 = 1)) | last day', "a"),
        ('last day | payloadType = "x" | aggregateIdentifier = "a"', "a"),
        ('aggregateIdentifier = "a" and aggregateIdentifier = "b"', "a"),
        ('aggregateIdentifier = ""', ""),
        ('aggregateIdentifier != "a"', None),
        ('aggregateIdentifier > "a"', None),
        ('not aggregateIdentifier = "a"', None),
        ('aggregateIdentifier = "a" or payloadType = "x"', None),
        ('aggregateIdentifier in ["a"]', None),
        ("aggregateIdentifier = 5", None),
        ("aggregateIdentifier = payloadType", None),
        ('aggregateType = "a"', None),
        ('aggregateIdentifier = "a" and token > 5', None),
        ('aggregateIdentifier = "a" | [1, token] contains 5', None),
    ],
)
def test_an_aggregate_is_read_alone_only_where_every_row_must_be_of_it(
    text: str, aggregate_id: str | None
) -> None:
    asked = plan(text)
    assert asked.aggregate_id == aggregate_id
    assert ("token" in asked.columns) is (aggregate_id is None)


@pytest.mark.parametrize(
    ("text", "first", "before"),
    [
        ("token > 5", 6, None),
        ("token >= 5", 5, None),
        ("token < 5", 0, 5),
        ("token <= 5", 0, 6),
        ("token = 5", 5, 6),
        ("5 < token", 6, None),
        ("5 >= token", 0, 6),
        ("token > 5 and token < 9 | token >= 7 and token <= 20", 7, 9),
        ("token > 9 and token < 3", 10, 3),
        ("token > -5", 0, None),
        ("token < -5", 0, 0),
        ("token != 5", 0, None),
        ("token > 5.5", 0, None),
        ('token > "5"', 0, None),
        ("token > 5 or token = 1", 0, None),
        ("not token > 5", 0, None),
        ("token + 1 > 5", 0, None),
        ("aggregateSequenceNumber > 5", 0, None),
    ],
)
def test_required_tokens_bound_what_is_read(text: str, first: int, before: int | None) -> None:
    asked = plan(text)
    assert (asked.first_token, asked.before_token) == (first, before)


comparisons = st.builds(
    "{} {} {}".format,
    st.just("token"),
    st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
    st.integers(-3, 12),
)


@given(st.lists(st.lists(comparisons, min_size=1, max_size=3), min_size=1, max_size=3))
def test_no_row_that_matches_lies_outside_of_what_is_read(texts: list[list[str]]) -> None:
    asked = plan(" | ".join(" and ".join(filters) for filters in texts))
    for token in range(15):
        if matches(asked, EventRow({"token": token})):
            assert asked.first_token <= token
            assert asked.before_token is None or token < asked.before_token
