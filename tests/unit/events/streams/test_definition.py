from __future__ import annotations

import pytest

from ranvier.events.query import QueryError
from ranvier.events.streams.definition import (
    PARAMETERS_AT_MOST,
    SEGMENTS_AT_MOST,
    StreamDefinition,
    filter_of,
    refuse_definition,
    refuse_segment_count,
)
from ranvier.events.streams.errors import InvalidStream, StreamError, UnknownSequencingPolicy


def definition(
    stream_id: str = "s",
    name: str = "S",
    policy_name: str = "",
    parameters: tuple[str, ...] = (),
    filter_text: str = "",
) -> StreamDefinition:
    return StreamDefinition(stream_id, name, policy_name, parameters, filter_text)


def test_a_plain_definition_is_accepted() -> None:
    refuse_definition(definition())
    refuse_definition(definition(filter_text='payloadType = "A" or payloadType = "B"'))


@pytest.mark.parametrize(
    ("wrong", "error", "word"),
    [
        (definition(stream_id=""), InvalidStream, "stream id is empty"),
        (definition(stream_id="a\0"), InvalidStream, "stream id holds a NUL"),
        (definition(name="n" * 256), InvalidStream, "stream name is 256 bytes long"),
        (definition(policy_name="\ud800"), InvalidStream, "half of a surrogate"),
        (definition(parameters=("x",) * (PARAMETERS_AT_MOST + 1)), InvalidStream, "8 parameters"),
        (definition(policy_name="Best"), UnknownSequencingPolicy, "FullConcurrencyPolicy"),
        (definition(filter_text="payloadType ="), QueryError, "position"),
        (definition(filter_text="last 2 hours"), QueryError, "only conditions"),
    ],
)
def test_wrong_definitions(
    wrong: StreamDefinition, error: type[StreamError | QueryError], word: str
) -> None:
    with pytest.raises(error, match=word):
        refuse_definition(wrong)


def test_a_filter_may_be_left_out() -> None:
    assert filter_of("  ") is None


@pytest.mark.parametrize("count", [-1, 0, SEGMENTS_AT_MOST + 1])
def test_numbers_of_segments_have_bounds(count: int) -> None:
    refuse_segment_count(1)
    refuse_segment_count(SEGMENTS_AT_MOST)
    with pytest.raises(InvalidStream, match=f"is {count}: it must be from 1 to"):
        refuse_segment_count(count)
