"""Fan-in: what the caller of one query gets of what several handlers do."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.messages.errors import QueryHandlerLost, QueryTimedOut
from ranvier.messages.handler import Handler
from ranvier.messages.query_fan_in import ENDED, NOTHING, FanInStep, QueryFanIn, QueryResult
from tests.support.message_handlers import handler

A, B, C = handler("a"), handler("b"), handler("c")
HANDLERS = {"a": A, "b": B, "c": C}
LOST = QueryHandlerLost("a")
LATE = QueryTimedOut(300_000)

# Each word is one thing that a handler does: `a+` a good result of a, `a-` an error, `a.` its end.
Told = list[str]


@dataclass
class Caller:
    """What the caller of one query has seen."""

    told: list[QueryResult]
    cancelled: list[str]
    ends: int = 0

    def take(self, step: FanInStep) -> None:
        assert not self.ends or step == NOTHING
        self.told += step.results
        self.cancelled += [each.client_id.removeprefix("client-") for each in step.cancelled]
        self.ends += step.is_ended


def play(fan_in: QueryFanIn, words: list[str]) -> Caller:
    caller = Caller([], [])
    for word in words:
        own, what = HANDLERS[word[0]], word[1]
        if what == ".":
            caller.take(fan_in.complete(own))
        else:
            caller.take(fan_in.result(own, word.encode(), is_error=what == "-"))
    return caller


@pytest.mark.parametrize(
    ("words", "told", "ends"),
    [
        ("a+ a.", "a+", 1),
        ("a+ a+ a.", "a+ a+", 1),
        ("a.", "", 1),
        ("a+", "a+", 0),
        ("a- a.", "a-", 1),
        ("a- a+ a.", "a+", 1),
        ("a+ a- a.", "a+", 1),
        ("a. a+ a.", "", 1),
        ("b+ b. a+ a.", "a+", 1),
    ],
)
def test_one_handler(words: str, told: str, ends: int) -> None:
    caller = play(QueryFanIn([A]), words.split())
    assert caller.told == [word.encode() for word in told.split()]
    assert caller.ends == ends
    assert caller.cancelled == []


@pytest.mark.parametrize(
    ("words", "told", "ends"),
    [
        ("a+ b+ a. b.", "a+ b+", 1),
        ("a+ a. a+", "a+", 0),
        ("a- b- a. b.", "b-", 1),
        ("b- a- b. a.", "a-", 1),
        ("a- a. b+ b.", "b+", 1),
        ("b+ b. a- a.", "b+", 1),
        ("a. b.", "", 1),
        ("a- a.", "", 0),
    ],
)
def test_two_handlers(words: str, told: str, ends: int) -> None:
    caller = play(QueryFanIn([A, B]), words.split())
    assert caller.told == [word.encode() for word in told.split()]
    assert caller.ends == ends


@pytest.mark.parametrize(
    ("words", "told", "cancelled", "ends"),
    [
        ("a+ b+ b. a+ a.", "a+ a+", "b c", 1),
        ("a- b+ a+ b.", "b+", "a c", 1),
        ("a- a. b+ b- b.", "b+ b-", "c", 1),
        ("a- b- c- a. b. c.", "c-", "", 1),
        ("a. b. c+ c.", "c+", "", 1),
    ],
)
def test_the_first_answer_wins(words: str, told: str, cancelled: str, ends: int) -> None:
    caller = play(QueryFanIn([A, B, C], first_answer_wins=True), words.split())
    assert caller.told == [word.encode() for word in told.split()]
    assert caller.cancelled == cancelled.split()
    assert caller.ends == ends


def test_a_lost_handler_counts_as_an_error_that_ends() -> None:
    fan_in = QueryFanIn([A, B])
    assert fan_in.fail(A, LOST) == NOTHING
    assert fan_in.complete(B) == FanInStep((LOST,), is_ended=True)
    assert fan_in.fail(A, LOST) == NOTHING


def test_the_loss_of_the_winner_is_told_at_once() -> None:
    fan_in = QueryFanIn([A], first_answer_wins=True)
    fan_in.result(A, b"part", is_error=False)
    assert fan_in.fail(A, LOST) == FanInStep((LOST,), is_ended=True)


def test_another_handler_may_take_a_place() -> None:
    fan_in = QueryFanIn([A, B])
    fan_in.replace(A, C)
    assert not fan_in.expects(A)
    assert fan_in.open_handlers == (B, C)
    assert fan_in.complete(A) == NOTHING
    assert fan_in.complete(B) == NOTHING
    assert fan_in.complete(C) == ENDED


def test_given_up_a_query_tells_why_unless_a_good_result_came() -> None:
    fan_in = QueryFanIn([A, B])
    assert fan_in.give_up(LATE) == FanInStep((LATE,), (A, B), is_ended=True)
    assert fan_in.give_up(LATE) == NOTHING
    assert fan_in.has_ended
    fan_in = QueryFanIn([A])
    fan_in.result(A, b"good", is_error=False)
    assert fan_in.give_up(LATE) == FanInStep((), (A,), is_ended=True)
    fan_in = QueryFanIn([A], first_answer_wins=True)
    fan_in.result(A, b"good", is_error=False)
    assert fan_in.give_up(LATE) == FanInStep((LATE,), (A,), is_ended=True)


def test_abandoned_a_query_tells_nobody_anything() -> None:
    fan_in = QueryFanIn([A, B])
    fan_in.complete(A)
    assert fan_in.abandon() == (B,)
    assert fan_in.has_ended
    assert fan_in.result(B, b"late", is_error=False) == NOTHING
    assert fan_in.complete(B) == NOTHING


@given(
    st.lists(st.sampled_from([own + what for own in "abc" for what in "+-."]), max_size=40),
    st.sets(st.sampled_from("abc"), min_size=1),
    st.booleans(),
)
def test_a_query_ends_once_with_all_good_results_or_one_error(
    words: Told, asked: set[str], first_answer_wins: bool
) -> None:
    fan_in = QueryFanIn(
        [HANDLERS[each] for each in sorted(asked)], first_answer_wins=first_answer_wins
    )
    caller = play(fan_in, [*words, "a.", "b.", "c."])
    assert caller.ends == 1
    assert fan_in.has_ended
    good = [told for told in caller.told if isinstance(told, bytes) and told.endswith(b"+")]
    errors = len(caller.told) - len(good)
    expected = expected_good(words, asked)
    if first_answer_wins:
        assert {told[0] for told in good} == ({expected[0][0]} if expected else set())
        assert good == [told for told in expected if told[0] == expected[0][0]]
    else:
        assert good == expected
        assert errors <= (0 if good else 1)


def expected_good(words: Told, asked: set[str]) -> list[bytes]:
    """Return the good results of handlers that were asked and had not ended."""
    ended: set[str] = set()
    good = []
    for word in words:
        own, what = word[0], word[1]
        if what == ".":
            ended.add(own)
        elif what == "+" and own in asked - ended:
            good.append((own + what).encode())
    return good


@pytest.mark.parametrize(
    ("handlers", "first_answer_wins", "passes"),
    [([B], False, False), ([A], False, True), ([A], True, True), ([A, B], True, False)],
)
def test_only_what_nobody_else_is_touched_by_passes(
    handlers: list[Handler], first_answer_wins: bool, passes: bool
) -> None:
    fan_in = QueryFanIn(handlers, first_answer_wins=first_answer_wins)
    assert fan_in.passes(A) is passes
