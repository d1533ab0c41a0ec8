"""Positions over resets and other numbers of segments, against a model that handles every event."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ranvier.events.streams.errors import StreamUnsettled
from ranvier.events.streams.progress import (
    LAYOUTS_AT_MOST,
    Reached,
    SegmentProgress,
    StreamProgress,
    fresh,
    reset,
    resized,
    settled,
)
from ranvier.events.streams.sequencing import segment_of


def at(*next_tokens: int) -> StreamProgress:
    return StreamProgress(tuple(SegmentProgress(token) for token in next_tokens))


def test_a_new_stream_starts_at_one_place() -> None:
    assert fresh(3, 5) == at(5, 5, 5)


def test_a_split_starts_at_the_slowest_and_remembers_what_the_others_did() -> None:
    assert resized(at(3, 9), 4, "s") == replace(at(3, 3, 3, 3), handled=(Reached((3, 9)),))
    assert resized(at(7, 7), 3, "s") == at(7, 7, 7)
    assert resized(at(3, 9), 2, "s") == at(3, 9)


def test_a_reset_makes_replays_of_what_was_handled() -> None:
    assert reset(at(3, 9), 0) == replace(at(0, 0), replayed=(Reached((3, 9)),))
    assert reset(at(3, 9), 9) == at(9, 9)
    split = resized(at(3, 9), 4, "s")
    again = reset(split, 1)
    assert again.handled == ()
    assert again.replayed == (Reached((3, 9)), Reached((3, 3, 3, 3)))


def test_errors_go_with_the_layout() -> None:
    broken = StreamProgress((SegmentProgress(1, "broken"),))
    assert reset(broken, 0).segments == (SegmentProgress(0),)


def test_layouts_that_are_overtaken_are_forgotten() -> None:
    progress = replace(at(5, 9), handled=(Reached((5,)),), replayed=(Reached((6, 2)),))
    assert settled(progress) == replace(at(5, 9), replayed=(Reached((6, 2)),))


def test_too_many_splits_in_a_row_are_refused() -> None:
    progress = at(0, 100)
    for number in range(LAYOUTS_AT_MOST):
        progress = resized(progress, 3 + number % 2, "s")
        segments = (SegmentProgress(50 + number), *progress.segments[1:])
        progress = replace(progress, segments=segments)
    with pytest.raises(StreamUnsettled, match="'s' were changed too often"):
        resized(progress, 9, "s")


def test_many_resets_are_remembered_as_one() -> None:
    progress = at(1)
    for number in range(LAYOUTS_AT_MOST + 1):
        progress = reset(replace(progress, segments=(SegmentProgress(100 + number),)), 0)
    assert progress.replayed == (Reached((100 + LAYOUTS_AT_MOST,)),)


steps = some.lists(
    some.one_of(
        some.tuples(some.just("handle"), some.integers(0, 30)),
        some.tuples(some.just("resize"), some.integers(1, 6)),
        some.tuples(some.just("reset"), some.integers(0, 30)),
    ),
    max_size=12,
)


@given(steps, some.lists(some.integers(0, 50), min_size=31, max_size=31))
def test_each_event_is_new_once_whatever_happens(
    steps: list[tuple[str, int]], hashes: list[int]
) -> None:
    """The model: per event, how often it was handled as new and whether it is due again."""
    progress, new, due = fresh(2, 0), [0] * 31, [True] * 31
    for kind, number in steps:
        if kind == "resize":
            if len(progress.handled) >= LAYOUTS_AT_MOST:
                continue
            progress = resized(progress, number, "s")
        elif kind == "reset":
            progress = reset(progress, number)
            due = [token >= number for token in range(31)]
        else:
            progress = handle(progress, number, hashes, new, due)
    progress = handle_all(progress, hashes, new, due)
    assert not any(due), "each event that was due came"
    assert all(count <= 1 for count in new), "none came as new twice"


def handle(
    progress: StreamProgress, seed: int, hashes: list[int], new: list[int], due: list[bool]
) -> StreamProgress:
    """Let one segment go on by a few tokens."""
    segment = seed % len(progress.segments)
    return advance(
        progress, segment, progress.segments[segment].next_token + seed % 7, (hashes, new, due)
    )


def handle_all(
    progress: StreamProgress, hashes: list[int], new: list[int], due: list[bool]
) -> StreamProgress:
    for segment in range(len(progress.segments)):
        progress = advance(progress, segment, 31, (hashes, new, due))
    return progress


def advance(
    progress: StreamProgress,
    segment: int,
    end: int,
    model: tuple[list[int], list[int], list[bool]],
) -> StreamProgress:
    hashes, new, due = model
    end = min(end, 31)
    for token in range(progress.segments[segment].next_token, end):
        mine = segment_of(hashes[token], len(progress.segments)) == segment
        if mine and not progress.is_handled(token, hashes[token]):
            assert due[token], f"event {token} came though it was not due"
            due[token] = False
            new[token] += not progress.is_replay(token, hashes[token])
    segments = list(progress.segments)
    segments[segment] = SegmentProgress(max(end, segments[segment].next_token))
    return settled(replace(progress, segments=tuple(segments)))
