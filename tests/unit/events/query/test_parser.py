from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.events.query import QueryError, parse
from ranvier.events.query.bounds import (
    MAXIMUM_LIMIT_ROWS,
    MAXIMUM_LIST_ITEMS,
    MAXIMUM_NESTING_LEVELS,
    MAXIMUM_OPERANDS,
    MAXIMUM_STEPS,
)
from ranvier.events.query.rows import COLUMNS
from ranvier.events.query.syntax import (
    Call,
    Column,
    Expression,
    Filter,
    Items,
    Last,
    Limit,
    Number,
    Text,
)
from ranvier.events.query.vocabulary import AGGREGATES, FUNCTIONS, SHAPERS


def spelled(expression: Expression) -> str:
    """Write a tree with an operator before its operands, so that each table row is one line."""
    match expression:
        case Text(value):
            return repr(value)
        case Number(value):
            return repr(value)
        case Column(name):
            return name
        case Items(items):
            return f"[{' '.join(map(spelled, items))}]"
        case Call(name, operands):
            return f"({name} {' '.join(map(spelled, operands))})"


def condition(text: str) -> str:
    (step,) = parse(text).steps
    assert isinstance(step, Filter)
    return spelled(step.condition)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("token = 5", "(= token 5)"),
        ("token != 5", "(!= token 5)"),
        ("token <> 5", "(<> token 5)"),
        ("token < 5", "(< token 5)"),
        ("5 >= token", "(>= 5 token)"),
        ('payloadType = "a"', "(= payloadType 'a')"),
        ("payloadType = aggregateType", "(= payloadType aggregateType)"),
        ("token = 2.5", "(= token 2.5)"),
        ("token = -5", "(= token -5)"),
        ("token = +5", "(= token 5)"),
        ("token = -timestamp", "(= token (- 0 timestamp))"),
        ("token = 9223372036854775807", "(= token 9223372036854775807)"),
        ("token = 9223372036854775808", "(= token 9.223372036854776e+18)"),
        ("token = 123456789012345678901", "(= token 1.2345678901234568e+20)"),
        ("token + 10 * 2 > 100 - 1 - 1", "(> (+ token (* 10 2)) (- (- 100 1) 1))"),
        ("(token + 10) * 2 / 3 % 4 > 1", "(> (% (/ (* (+ token 10) 2) 3) 4) 1)"),
        ("token in [1, 2]", "(in token [1 2])"),
        ("token in (1, 2)", "(in token [1 2])"),
        ("token in (1)", "(in token [1])"),
        ("token not in [1]", "(not (in token [1]))"),
        ("[1] contains token", "(contains [1] token)"),
        ('payloadData contains "x"', "(contains payloadData 'x')"),
        ('payloadData not contains "x"', "(not (contains payloadData 'x'))"),
        ('contains(payloadData, "x")', "(contains payloadData 'x')"),
        ('MATCH(payloadType, "a.*")', "(match payloadType 'a.*')"),
        ('payloadType match "a.*"', "(match payloadType 'a.*')"),
        ('payloadType not match "a.*"', "(not (match payloadType 'a.*'))"),
        ("token = 1 and token = 2 and token = 3", "(and (= token 1) (= token 2) (= token 3))"),
        ("token=1 or token=2 and token=3", "(or (= token 1) (and (= token 2) (= token 3)))"),
        ("(token=1 OR token=2) AND token=3", "(and (or (= token 1) (= token 2)) (= token 3))"),
        ("not token = 1 and token = 2", "(and (not (= token 1)) (= token 2))"),
        ("NOT NOT token = 1", "(not (not (= token 1)))"),
        ("not (token = 1 and token = 2)", "(not (and (= token 1) (= token 2)))"),
        ("((token = 1))", "(= token 1)"),
        ("(token = 1) = (token = 2)", "(= (= token 1) (= token 2))"),
    ],
)
def test_reads_conditions_by_their_precedence(text: str, expected: str) -> None:
    assert condition(text) == expected


SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("text", "span_ms"),
    [
        ("last 30 seconds", 30 * SECOND),
        ("last sec", SECOND),
        ("LAST 2.5 SECS", 2_500),
        ("last 5minutes", 5 * MINUTE),
        ("last 1 min", MINUTE),
        ("last 4 hours", 4 * HOUR),
        ("last hr", HOUR),
        ("last 2 days", 2 * DAY),
        ("last 1 week", 7 * DAY),
        ("last 2 wks", 14 * DAY),
        ("last month", 30 * DAY),
        ("last 3 mos", 90 * DAY),
        ("last 2 years", 730 * DAY),
        ("last .5 yr", 365 * DAY // 2),
        ("last 0 days", 0),
        ("last 1e300 years", 10_000 * 365 * DAY),
    ],
)
def test_reads_time_windows(text: str, span_ms: int) -> None:
    assert parse(text).steps == (Last(span_ms, 0),)


@pytest.mark.parametrize("text", ["limit 50", "LIMIT 50", "limit(50)", "limit ( 50 )"])
def test_reads_limits(text: str) -> None:
    assert parse(text).steps == (Limit(50, 0),)


def test_reads_steps_in_their_order() -> None:
    kinds = [type(step) for step in parse("token > 1 | last day | token < 9 | limit 5").steps]
    assert kinds == [Filter, Last, Filter, Limit]


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_text_has_no_steps(text: str) -> None:
    assert parse(text).steps == ()


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("token", 1, "'token' at position 1 begins no condition"),
        ("5", 1, "begins no condition"),
        ("token + 1", 1, "begins no condition"),
        ("token = 1 and payloadType", 15, "begins no condition"),
        ("payloadType or token = 1", 1, "begins no condition"),
        ("not token", 5, "begins no condition"),
        ("tokn = 5", 1, "is no field; did you mean 'token'?"),
        ("x = 5", 1, "is no field; there are token, eventIdentifier"),
        ("TOKEN = 5", 1, "is no field"),
        ("zzz(token)", 1, "is no function; there are concat, contains, day"),
        ("contain(payloadData, 1)", 1, "did you mean 'contains'?"),
        ("= 5", 1, "expected a field, a text, a number, a list or '('"),
        ("token =", 8, "The end at position 8"),
        ("token = and", 9, "does not fit here; expected a field"),
        ("token = 1 = 2", 11, "expected '|' or the end"),
        ("token = 1)", 10, "expected '|' or the end"),
        ("(token = 1", 11, "expected ')'"),
        ("token in [1", 12, "expected ']'"),
        ("token in []", 11, "expected a field"),
        ("contains(token)", 15, "expected ','"),
        ("contains token", 1, "does not fit here"),
        ("token not 5", 11, "expected 'in', 'contains' or 'match'"),
        ("| token = 1", 1, "expected a field"),
        ("token = 1 |", 12, "expected a field"),
        ("token = 1 | | token = 2", 13, "expected a field"),
        ("token = 1e999", 9, "is too great a number"),
        ("last 5", 7, "expected a unit of time"),
        ("last 5 parsecs", 8, "expected a unit of time"),
        ("last -5 days", 6, "expected a unit of time"),
        ("limit", 6, "expected a number"),
        ("limit 0", 7, "is no limit; write a whole number from 1"),
        ("limit 1.5", 7, "is no limit"),
        ("limit -1", 7, "expected a number"),
        (f"limit {MAXIMUM_LIMIT_ROWS + 1}", 7, f"from 1 to {MAXIMUM_LIMIT_ROWS}"),
        ("limit (5", 9, "expected ')'"),
        ("payloadType left 3", 1, "begins no condition"),
        ("left(token) = 1", 11, "expected ','"),
        ("length(token, 1) = 1", 13, "expected ')'"),
        ("count() = 1", 9, "expected '|' or the end"),
        ("token = count()", 9, "shapes the whole answer"),
        ("select()", 8, "expected a field"),
        ("select(token", 13, "expected ')'"),
        ("select(token as)", 16, "expected a name for the column"),
        ("select(token as last)", 17, "expected a name for the column"),
        ("select(token, payloadType as token)", 1, "gives two columns the name 'token'"),
        ("select(token as t) | token = 1", 22, "is no field; there are t"),
        ("groupby(payloadType, count(), token)", 31, "expected one of count, min"),
        ("groupby(payloadType, min())", 26, "expected a field"),
        ("groupby(payloadType, min(token), min(timestamp))", 1, "two columns the name 'min'"),
        ('select(token) | metaData("a") = 1', 17, "needs the column metaData"),
        ("groupby payloadType", 1, "does not fit here"),
        ("sortby(token down)", 14, "expected ')'"),
        ('formatDate(timestamp, payloadType) = "1"', 1, "needs a pattern such as"),
        ('formatDate(timestamp, "yyyy", "Mars/Olympus") = "1"', 31, "is no time zone"),
        ('formatDate(timestamp, "bb") = "1"', 23, "the letter 'b', which means nothing"),
        ('formatDate(timestamp, "\'T") = "1"', 23, "a quote ' that is not closed"),
        ('jsonpath(payloadData, "a") = 1', 23, "lacks a '$' (its character 1)"),
        ('jsonpath(payloadData, "$.") = 1', 23, "lacks a name (its character 3)"),
        ('jsonpath(payloadData, "$[x]") = 1', 23, "lacks a name in quotes, a whole number"),
        ('jsonpath(payloadData, "$[?(@.a ~ 1)]") = 1', 23, "lacks a ')'"),
        ('xpath(payloadData, "//") = 1', 20, "lacks the name of an element"),
        ('xpath(payloadData, "a[b=]") = 1', 20, "lacks a number or a text in quotes"),
        ('xpath(payloadData, "a]") = 1', 20, "something that is not understood"),
        ('xpath(payloadData, "a", "TREE") = 1', 25, "is none of STRING, NUMBER"),
        ("payloadType match aggregateType", 13, "needs a pattern in quotes"),
        ('payloadType match "("', 19, "The pattern at position 19"),
    ],
)
def test_refuses_what_it_cannot_read_with_the_place(text: str, position: int, said: str) -> None:
    with pytest.raises(QueryError) as refusal:
        parse(text)
    assert said in str(refusal.value)
    assert refusal.value.position == position
    assert refusal.value.code == "AXONIQ-2511"
    assert not refusal.value.retry_may_help


def test_a_refusal_repeats_only_the_beginning_of_a_long_word() -> None:
    with pytest.raises(QueryError) as refusal:
        parse("a" * 5_000 + " = 1")
    assert len(str(refusal.value)) < 400


class TestTimeWindow:
    """The window that a client sends beside the text."""

    def test_is_one_more_step(self) -> None:
        assert parse("token = 1", "last hour").steps[1:] == (Last(HOUR, 0),)

    def test_stands_alone_where_the_text_is_empty(self) -> None:
        assert parse("", "last 2 days").steps == (Last(2 * DAY, 0),)

    @pytest.mark.parametrize("window", ["", "custom"])
    def test_may_leave_it_to_the_text(self, window: str) -> None:
        assert parse("last day", window).steps == (Last(DAY, 0),)

    @pytest.mark.parametrize("window", ["limit 5", "last hour | last day", " "])
    def test_is_nothing_but_a_window(self, window: str) -> None:
        with pytest.raises(QueryError, match="must be one step"):
            parse("", window)

    def test_that_cannot_be_read_is_named(self) -> None:
        with pytest.raises(QueryError, match="In the time window: 'fortnight' at position 6"):
            parse("", "last fortnight")


class TestBounds:
    """Each bound holds at its edge and refuses one beyond."""

    def test_nested_parentheses(self) -> None:
        def nested(levels: int) -> str:
            return "(" * levels + "token = 1" + ")" * levels

        parse(nested(MAXIMUM_NESTING_LEVELS))
        with pytest.raises(QueryError, match=f"more than {MAXIMUM_NESTING_LEVELS} levels"):
            parse(nested(MAXIMUM_NESTING_LEVELS + 1))

    def test_signs_negations_and_calls_nest_too(self) -> None:
        levels = MAXIMUM_NESTING_LEVELS + 1
        for text in (
            "not " * levels + "token = 1",
            "token = " + "- " * levels + "1",
            "contains(" * levels + "1",
            "token in " + "[" * levels,
        ):
            with pytest.raises(QueryError, match="levels"):
                parse(text)

    def test_chains_of_operators(self) -> None:
        def chain(length: int) -> str:
            return "token = 1" + " + 1" * length

        parse(chain(MAXIMUM_NESTING_LEVELS - 2))
        with pytest.raises(QueryError, match="levels deep"):
            parse(chain(MAXIMUM_NESTING_LEVELS))

    def test_a_long_chain_in_each_parenthesis_is_deep_as_well(self) -> None:
        text = "1"
        for _ in range(6):
            text = f"({text}{' + 1' * 8})"
        with pytest.raises(QueryError, match="levels deep"):
            parse(f"token = {text}")

    def test_items_of_a_list(self) -> None:
        def listed(count: int) -> str:
            return f"token in [{','.join('1' * count)}]"

        parse(listed(MAXIMUM_LIST_ITEMS))
        with pytest.raises(QueryError, match=f"more than the {MAXIMUM_LIST_ITEMS}"):
            parse(listed(MAXIMUM_LIST_ITEMS + 1))

    def test_joined_conditions(self) -> None:
        def joined(count: int) -> str:
            return " or ".join(["1=1"] * count)

        parse(joined(MAXIMUM_OPERANDS))
        with pytest.raises(QueryError, match="use 'in'"):
            parse(joined(MAXIMUM_OPERANDS + 1))

    def test_steps(self) -> None:
        def steps(count: int) -> str:
            return "|".join(["1=1"] * count)

        parse(steps(MAXIMUM_STEPS))
        with pytest.raises(QueryError, match=f"step {MAXIMUM_STEPS + 1}"):
            parse(steps(MAXIMUM_STEPS + 1))


FRAGMENTS = st.sampled_from(
    [
        *COLUMNS, *sorted(FUNCTIONS), *sorted(AGGREGATES), *sorted(SHAPERS), "as", "asc", "desc",
        "null", "true", "and", "or", "not", "in", "contains", "match", "last", "limit",
        "5", "2.5", '"a"', '"(a|b)*"', "(", ")", "[", "]", ",", "|", "=", "!=", "<", ">=", "+",
        "-", "*", "/", "%", "days", "nonsense", "§", '"',
    ]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=30).map(" ".join))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    with suppress(QueryError):
        parse(text)
