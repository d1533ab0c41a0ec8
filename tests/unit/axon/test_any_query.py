"""Whatever is asked of whatever is stored is answered or refused: no other error, and every answer
can be sent."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from ranvier.axon.query_row import EventRow, row_response
from ranvier.events.query import Answer, QueryError, parse
from ranvier.events.query.vocabulary import AGGREGATES, FUNCTIONS
from ranvier.proto import event_pb2
from ranvier.web.search import block_of

LEAVES = st.sampled_from(
    [
        "token", "timestamp", "payloadData", "metaData", "aggregateSequenceNumber", "payloadType",
        "null", "true", "0", "1", "-1", "1e308", "9223372036854775807", "0.5", '""',
        '"$..a"', '"//a"',
        '"yyyy-MM"', '"UTC"', '"a"', '"NODESET"', "[1, null]", '["x", [2]]',
    ]
)  # fmt: skip


def calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def written(name: str, operands: list[str]) -> str:
        least, most = FUNCTIONS[name]
        return f"{name}({', '.join(operands[: max(least, min(most, len(operands)))])})"

    operators = [
        "+",
        "-",
        "*",
        "/",
        "%",
        "=",
        "<",
        ">=",
        "!=",
        "in",
        "contains",
        "left",
        "jsonpath",
    ]
    return st.one_of(
        st.builds(
            written, st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, min_size=3, max_size=3)
        ),
        st.builds("({} {} {})".format, inner, st.sampled_from(operators), inner),
        st.builds("[{}, {}]".format, inner, inner),
    )


values = st.recursive(LEAVES, calls, max_leaves=6)
aggregates = st.builds("{}({})".format, st.sampled_from(sorted(AGGREGATES)), values)
steps = st.one_of(
    st.builds("{} = {}".format, values, values),
    st.builds("select(token, timestamp, payloadData, {} as x)".format, values),
    st.builds("groupby({} as token, {} as timestamp)".format, values, aggregates),
    st.builds("groupby([{} as token], {} as payloadData)".format, values, aggregates),
    st.builds("sortby({} desc, {})".format, values, values),
    st.builds("limit {}".format, st.integers(1, 5)),
    st.just("last 3 years"),
    aggregates,
)
queries = st.lists(steps, min_size=1, max_size=4).map(" | ".join)

payloads = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([b'{"a": [1, {"a": "\\ud800"}]}', b"<a><a>1</a></a>", b'{"a": 1e999}']),
)
meta_values = st.one_of(
    st.builds(lambda value: {"text_value": value}, st.text(max_size=5)),
    st.builds(lambda value: {"number_value": value}, st.integers(-(2**63), 2**63 - 1)),
    st.builds(lambda value: {"double_value": value}, st.floats()),
)
events = st.builds(
    lambda time_ms, payload, sequence, meta: event_pb2.Event(
        timestamp=time_ms,
        payload={"data": payload, "type": "T"},
        aggregate_sequence_number=sequence,
        meta_data={"a": meta},
    ).SerializeToString(),
    st.integers(-(2**63), 2**63 - 1),
    payloads,
    st.integers(-(2**63), 2**63 - 1),
    meta_values,
)


@given(queries, st.lists(events, max_size=5))
def test_any_query_is_answered_or_refused(text: str, stored: list[bytes]) -> None:
    with suppress(QueryError):
        run = parse(text).plan(0).run()
        rows = [EventRow(token, message) for token, message in enumerate(stored)]
        can_be_sent([answer for row in rows if (answer := run.feed(row)) is not None])
        can_be_sent(run.table_answers())
        run.begin_live()
        can_be_sent([answer for row in rows if (answer := run.feed(row)) is not None])
        can_be_sent(run.table_changes())


def can_be_sent(answers: list[Answer]) -> None:
    for answer in answers:
        sent = event_pb2.QueryEventsResponse.FromString(row_response(answer))
        assert len(sent.row.values) == len(answer.cells or {})
    assert block_of(answers).count(b"event: row") == len(answers)
