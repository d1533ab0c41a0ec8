from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.cli.server_sent_events import LONGEST_LINE_BYTES, ServerSentEvent, server_sent_events


def read(*chunks: bytes) -> list[ServerSentEvent]:
    return list(server_sent_events(chunks))


def test_events_with_and_without_a_name() -> None:
    assert read(b"data: 1\n\nevent: done\ndata: {}\n\n") == [
        ServerSentEvent("message", "1"),
        ServerSentEvent("done", "{}"),
    ]


def test_comments_and_unknown_fields_are_passed_over() -> None:
    assert read(b": alive\n\nid: 7\nretry: 1\ndata:x\n\n") == [ServerSentEvent("message", "x")]


def test_lines_of_data_are_joined_and_the_name_lasts_for_one_event() -> None:
    assert read(b"event: a\r\ndata: 1\r\ndata:  2\r\n\r\ndata: 3\n\n") == [
        ServerSentEvent("a", "1\n 2"),
        ServerSentEvent("message", "3"),
    ]


def test_an_event_that_is_not_complete_is_none() -> None:
    assert read(b"data: 1\n") == []
    assert read(b"event: a\n\n") == []


def test_other_ends_of_line_belong_to_the_text() -> None:
    text = "a\u2028b\u0085c\x0bd\x1ce\rf"
    assert read(f"data: {text}\n\n".encode()) == [ServerSentEvent("message", text)]


def test_a_line_without_end_is_refused() -> None:
    chunk = b"x" * (LONGEST_LINE_BYTES // 4 + 1)
    with pytest.raises(ValueError, match="a line of more than"):
        read(b"data: ", chunk, chunk, chunk, chunk)


@given(st.lists(st.integers(0, 60)), st.lists(st.text().filter(lambda text: "\n" not in text)))
def test_it_does_not_matter_how_the_bytes_are_cut(cuts: list[int], texts: list[str]) -> None:
    stream = b"".join(f"data: {text}.\n\n".encode() for text in texts)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    chunks = [stream[a:b] for a, b in pairwise(places)]
    assert [event.data for event in server_sent_events(chunks)] == [f"{text}." for text in texts]
