from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.access.errors import DraftTooLarge
from ranvier.access.posted_answer import PostedAnswer, answer_of
from ranvier.access.session import (
    DRAFT_BYTES,
    DRAFTS_MOST,
    Session,
    SessionLimits,
    draft_bytes,
    drafts_bytes,
    is_over,
    is_touch_due,
    signed_in,
    signed_out,
    with_draft,
)

LIMITS = SessionLimits(idle_ms=900, absolute_ms=5000, touch_ms=30)
BEGUN = Session("handle", 1, None, 10_000, 10_000, "node1")
NAMES = st.text(max_size=8)
VALUES = st.dictionaries(NAMES, st.text(max_size=20), max_size=4)


@pytest.mark.parametrize(
    ("last_used_ms", "now_ms", "is_over_then"),
    [
        (10_000, 10_899, False),
        (10_000, 10_900, True),
        (14_990, 14_999, False),
        (14_990, 15_000, True),
        (10_000, 9_000, False),
    ],
)
def test_a_session_ends_at_its_idle_and_at_its_absolute_limit(
    last_used_ms: int, now_ms: int, *, is_over_then: bool
) -> None:
    assert is_over(replace(BEGUN, last_used_ms=last_used_ms), now_ms, LIMITS) is is_over_then


def test_use_is_noted_now_and_then_and_at_once_by_another_node() -> None:
    assert not is_touch_due(BEGUN, "node1", 10_029, LIMITS)
    assert is_touch_due(BEGUN, "node1", 10_030, LIMITS)
    assert is_touch_due(BEGUN, "node2", 10_000, LIMITS)
    # However seldom it is to be noted, one who comes every now and then does not run out.
    assert is_touch_due(BEGUN, "node1", 10_300, replace(LIMITS, touch_ms=60_000))


def test_a_draft_takes_the_place_of_the_one_before_and_leaves_the_others_alone() -> None:
    session = with_draft(with_draft(BEGUN, "a", {"x": "1", "y": "2"}), "b", {"x": "3"})
    later = with_draft(session, "a", {"x": "4"})
    assert later.drafts == {"a": {"x": "4"}, "b": {"x": "3"}}
    assert with_draft(later, "a", {}).drafts == {"b": {"x": "3"}}
    assert with_draft(BEGUN, "a", {}) == BEGUN


def test_the_draft_that_was_left_longest_goes_first() -> None:
    session = BEGUN
    for number in range(DRAFTS_MOST):
        session = with_draft(session, f"form{number}", {"x": "1"})
    session = with_draft(session, "form0", {"x": "2"})
    session = with_draft(session, "one more", {"x": "3"})
    assert len(session.drafts) == DRAFTS_MOST
    assert "form1" not in session.drafts
    assert session.drafts["form0"] == {"x": "2"}


def test_a_draft_has_a_length_that_it_may_have() -> None:
    room = DRAFT_BYTES - len("form") - len("x")
    assert with_draft(BEGUN, "form", {"x": "." * room}).drafts
    with pytest.raises(DraftTooLarge, match="form form holds"):
        with_draft(BEGUN, "form", {"x": "." * (room + 1)})


@given(st.lists(st.tuples(NAMES, VALUES), max_size=40))
def test_drafts_stay_within_their_bounds(changes: list[tuple[str, dict[str, str]]]) -> None:
    session = BEGUN
    for form, values in changes:
        session = with_draft(session, form, values)
        assert session.drafts.get(form, {}) == values
    assert len(session.drafts) <= DRAFTS_MOST
    assert all(session.drafts.values())
    assert drafts_bytes(session.drafts) == sum(
        draft_bytes(form, values) for form, values in session.drafts.items()
    )


def test_nobody_sees_what_somebody_else_has_half_filled_in() -> None:
    drafted = with_draft(BEGUN, "form", {"x": "1"})
    of_ann = signed_in(drafted, "ann")
    assert (of_ann.user, of_ann.drafts) == ("ann", {})
    drafted = with_draft(of_ann, "form", {"x": "2"})
    assert signed_in(drafted, "ann").drafts == {"form": {"x": "2"}}
    assert signed_in(drafted, "bob").drafts == {}
    left = signed_out(drafted)
    assert (left.user, left.drafts) == (None, {})


@given(
    st.integers(100, 599),
    st.lists(st.tuples(st.text(), st.text())),
    st.binary(),
    st.text("0123456789abcdef"),
)
def test_an_answer_is_read_as_it_was_written(
    status: int, headers: list[tuple[str, str]], body: bytes, renewed: str
) -> None:
    answer = PostedAnswer(status, tuple(headers), body, renewed)
    assert answer_of(answer.text()) == answer
    assert answer.text().isascii()
