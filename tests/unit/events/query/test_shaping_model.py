"""Groups and order against a naive model, whatever comes and in whatever pieces."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from ranvier.events.query import Answer, QueryRun, parse
from ranvier.events.query.ordering import rank_of
from ranvier.events.query.values import Value, is_number
from tests.support.event_row import EventRow

keys = st.sampled_from(["a", "b", "", None, True, False, 0, 1, 1.0, 2, -0.0, float("nan")])
numbers = st.one_of(st.none(), st.integers(-5, 5), st.sampled_from(["x", "y"]), st.booleans())
pairs = st.lists(st.tuples(keys, numbers), max_size=40)


def rows_of(values: Sequence[tuple[Value, Value]], first_token: int = 0) -> list[EventRow]:
    return [
        EventRow({"token": token, "payloadType": key, "payloadRevision": number})
        for token, (key, number) in enumerate(values, first_token)
    ]


def fed(text: str, rows: Sequence[EventRow]) -> tuple[QueryRun, list[Answer]]:
    run = parse(text).plan(0, default_limit=10_000).run()
    answers = [answer for row in reversed(rows) if (answer := run.feed(row)) is not None]
    return run, [*answers, *run.table_answers()]


def cells_of(answers: Sequence[Answer]) -> list[list[Value]]:
    return [list((answer.cells or {}).values()) for answer in answers]


def ranks(table: Sequence[Sequence[Value]]) -> list[list[object]]:
    """Make values comparable: nothing and what is no number equal themselves here."""
    return [[rank_of(value) for value in row] for row in table]


def grouped(values: Sequence[tuple[Value, Value]]) -> list[list[Value]]:
    table: list[list[Value]] = []
    for rank in sorted({rank_of(key) for key, _ in values}):
        members = [(key, number) for key, number in reversed(values) if rank_of(key) == rank]
        held = [number for _, number in members]
        counted = [number for number in held if number is not None and number is not False]
        comparable = sorted((number for number in held if number is not None), key=rank_of)
        summed = [number for number in held if is_number(number)]
        table.append(
            [
                members[0][0],
                len(members),
                len(counted),
                comparable[0] if comparable else None,
                comparable[-1] if comparable else None,
                sum(summed) if summed else None,
                sum(summed) / len(summed) if summed else None,
            ]
        )
    return table


GROUPED = (
    "groupby(payloadType, count(), count(payloadRevision) as c, min(payloadRevision),"
    " max(payloadRevision), sum(payloadRevision), avg(payloadRevision))"
)


@given(pairs)
def test_groups_are_those_of_the_model(values: list[tuple[Value, Value]]) -> None:
    _, answers = fed(GROUPED, rows_of(values))
    assert ranks(cells_of(answers)) == ranks(grouped(values))


@given(pairs, pairs)
def test_live_changes_lead_from_the_old_groups_to_the_new(
    values: list[tuple[Value, Value]], more: list[tuple[Value, Value]]
) -> None:
    query = f"{GROUPED} | count > 2"
    run, answers = fed(query, rows_of(values))
    shown = {identity(answer): answer.cells for answer in answers}
    run.begin_live()
    for row in rows_of(more, len(values)):
        assert run.feed(row) is None
        for change in run.table_changes():
            if change.cells is None:
                del shown[identity(change)]
            else:
                shown[identity(change)] = change.cells
    expected = [row for row in grouped([*values, *more]) if isinstance(row[1], int) and row[1] > 2]
    seen = sorted(ranks([list((cells or {}).values()) for cells in shown.values()]), key=repr)
    # The first of equal keys is shown, and which came first differs; its rank does not.
    assert seen == sorted(ranks(expected), key=repr)
    assert run.table_changes() == []


def identity(answer: Answer) -> tuple[object, ...]:
    return tuple(map(rank_of, answer.identity))


@given(pairs, st.booleans(), st.booleans(), st.integers(1, 50))
def test_rows_are_in_order_and_equal_ones_newest_first(
    values: list[tuple[Value, Value]], first_down: bool, second_down: bool, limit: int
) -> None:
    text = (
        f"select(token, payloadType as k, payloadRevision as n)"
        f" | sortby(k {'desc' if first_down else 'asc'}, n {'desc' if second_down else 'asc'})"
        f" | limit {limit}"
    )
    _, answers = fed(text, rows_of(values))
    table = [[token, *pair] for token, pair in enumerate(values)][::-1]
    table.sort(key=lambda row: rank_of(row[2]), reverse=second_down)
    table.sort(key=lambda row: rank_of(row[1]), reverse=first_down)
    assert ranks(cells_of(answers)) == ranks(table[:limit])


@given(pairs, st.integers(1, 10), st.integers(1, 10))
def test_limits_stand_where_they_are_written(
    values: list[tuple[Value, Value]], first: int, second: int
) -> None:
    run, answers = fed(f"limit {first} | token % 2 = 0 | limit {second}", rows_of(values))
    newest = range(len(values) - 1, max(-1, len(values) - 1 - first), -1)
    expected = [token for token in newest if token % 2 == 0][:second]
    assert [answer.identity[0] for answer in answers] == expected
    assert run.is_complete is (len(values) >= first or len(expected) == second)
