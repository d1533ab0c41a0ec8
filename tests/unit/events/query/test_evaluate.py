from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.events.query import QueryError, parse_filter
from ranvier.events.query.bounds import MAXIMUM_BUILT_CHARACTERS
from tests.support.event_row import ACCOUNT_OPENED, EventRow


def holds(text: str, row: EventRow = ACCOUNT_OPENED) -> bool:
    return parse_filter(text).matches(row)


TRUE_OF_ACCOUNT_OPENED = [
    "token = 5",
    "token != 6",
    "token <> 6",
    "token < 6",
    "token <= 5",
    "token > 4.5",
    "token >= 5.0",
    "5 = token",
    "token = 5.0",
    'token = "5"',
    'token < "6"',
    'token > "10"',  # as texts
    'payloadRevision = "2"',
    "payloadRevision = 2",
    "payloadRevision != 2.5",
    'payloadType > "com.acme.A"',
    "payloadType != aggregateType",
    'aggregateType = "Account" and token = 5',
    'aggregateType = "Other" or token = 5',
    'not (aggregateType = "Other" and token = 5)',
    'aggregateType in ["Other", "Account"]',
    'aggregateType not in ["Other"]',
    "token in [1, 5]",
    'token in ["5"]',
    'token in [aggregateSequenceNumber + 2, "x"]',
    "token in 5",
    "token not in [1, 2]",
    'in(aggregateType, ["Account"])',
    'payloadData contains "ACME"',
    'payloadData not contains "acme"',
    'payloadData contains "\\"owner\\""',
    "payloadData contains 1.5",
    "[4, 5] contains token",
    "[4, 6] not contains token",
    'metaData contains "traceId=t-1"',
    'metaData = "{attempt=2, retried=true, traceId=t-1}"',
    'payloadType match "com\\.acme\\..*"',
    'payloadType not match "com"',
    'match(payloadData, ".*ACME.*")',
    'token match "[0-9]"',
    "token + 1 = 6",
    "token - 6 = -1",
    "token * 2 = 10",
    "token / 2 = 2.5",
    "10 / token = 2",
    "token % 3 = 2",
    "-token = 0 - 5",
    "-7 % 3 = -1",
    'aggregateType + "-" + token = "Account-5"',
    'token + "!" = "5!"',
    "timestamp > 1600000000000",
    "(token = 5) = (aggregateSequenceNumber = 3)",
    '(token = 5) = "true"',
    '(token = 6) + "" = "false"',
    "1 = 1",
]

FALSE_OF_ACCOUNT_OPENED = [
    "token = 4",
    "token != 5",
    "token < 5",
    'token > "6"',
    'aggregateType = "account"',
    'aggregateType = "Account" and token = 6',
    "token = 1 or token = 2",
    "not token = 5",
    'aggregateType in ["Other"]',
    'payloadData contains "acme"',
    'payloadType match "acme"',
    "[1] contains token",
]


@pytest.mark.parametrize("text", TRUE_OF_ACCOUNT_OPENED)
def test_conditions_that_hold(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize("text", FALSE_OF_ACCOUNT_OPENED)
def test_conditions_that_do_not_hold(text: str) -> None:
    assert not holds(text)


NOTHING = "(token / 0)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{NOTHING} = {NOTHING}", True),
        (f"{NOTHING} = 0", False),
        (f"{NOTHING} != 0", True),
        (f"{NOTHING} < 1", False),
        (f"{NOTHING} >= 1", False),
        (f"1 > {NOTHING}", False),
        (f'{NOTHING} in [""]', False),
        (f"{NOTHING} in [0]", False),
        (f'{NOTHING} contains ""', False),
        (f"payloadData contains {NOTHING}", False),
        (f'{NOTHING} match ".*"', False),
        (f'{NOTHING} + "a" = ""', False),
        (f'"a" + {NOTHING} = "a"', False),
        ('payloadData * 2 = ""', False),
        ("metaData + 1 = 1", False),
        ("token % 0 = 0", False),
        ("(1=1) + 1 = 2", False),
    ],
)
def test_what_cannot_be_calculated_is_nothing(text: str, expected: bool) -> None:
    assert holds(text) is expected


def test_a_row_must_pass_every_filter() -> None:
    assert holds("token = 5 | aggregateSequenceNumber = 3")
    assert not holds("token = 5 | aggregateSequenceNumber = 4")
    assert not holds("token = 4 | aggregateSequenceNumber = 3")


def test_an_empty_query_takes_every_row() -> None:
    assert holds("")


def test_and_stops_at_the_first_condition_that_fails() -> None:
    class Picky(EventRow):
        def cell(self, column: str) -> str:
            assert column != "payloadData", "an expensive cell was read in vain"
            return "no"

    assert not holds('aggregateType = "yes" and payloadData contains "x"', Picky())
    assert holds('aggregateType = "no" or payloadData contains "x"', Picky())


def test_the_text_that_plus_builds_is_bounded() -> None:
    half = EventRow({"payloadData": "x" * (MAXIMUM_BUILT_CHARACTERS // 2)})
    assert not holds('payloadData + payloadData = ""', half)
    with pytest.raises(QueryError, match="'\\+' at position 27 would build a text") as refusal:
        holds('payloadData + payloadData + "1" = ""', half)
    assert refusal.value.position == 27


values = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=5))


@given(values, values)
def test_exactly_one_order_holds_but_for_numbers_that_are_none(
    left: float | str, right: float | str
) -> None:
    row = EventRow({"token": left, "timestamp": right})
    orders = [holds(f"token {sign} timestamp", row) for sign in ("<", ">")]
    if left == left and right == right:  # NaN differs from itself
        numbers = not (isinstance(left, str) or isinstance(right, str))
        equal = left == right if numbers else str(left) == str(right)
        assert [*orders, equal].count(True) == 1
        assert holds("token = timestamp", row) is equal
        assert holds("token <= timestamp", row) is (equal or orders[0])
        assert holds("token >= timestamp", row) is (equal or orders[1])
    assert holds("token != timestamp", row) is not holds("token = timestamp", row)


@given(st.text(), st.text())
def test_contains_is_that_of_texts(whole: str, part: str) -> None:
    row = EventRow({"payloadData": whole, "payloadType": part})
    assert holds("payloadData contains payloadType", row) is (part in whole)
