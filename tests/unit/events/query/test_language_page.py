"""The page about the language: every example on it says what the language does."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from ranvier.cli.query_table import QueryTable
from ranvier.events.query import QueryError, Row, parse
from ranvier.events.query.values import text_of
from ranvier.events.query.vocabulary import AGGREGATES, FUNCTIONS, SHAPERS, TIME_UNITS_MS
from tests.support.event_row import EventRow

DOCS = Path(__file__).parents[4] / "docs"
PAGE = (DOCS / "reference" / "query-language.md").read_text("utf-8")
HOW_TO = (DOCS / "howto" / "searching.md").read_text("utf-8")

VALUE = re.compile(r"^\| `([^`]+)` \| `([^`]*)` \|", re.MULTILINE)
CONDITION = re.compile(r"^\| `([^`]+)` \| tokens? ([\d, ]+|none) \|", re.MULTILINE)
ANSWER = re.compile(r"```query\n(.*?)\n```\n\n```text\n(.*?)\n```", re.DOTALL)
REFUSAL = re.compile(r"^\| `([^`]+)` \| (.+ at position \d+ .+) \|$", re.MULTILINE)


def sample(line: str) -> EventRow:
    event = json.loads(line)
    event["timestamp"] = milliseconds(event["timestamp"])
    return EventRow(event)


def milliseconds(iso_time: str) -> int:
    return int(datetime.fromisoformat(iso_time).timestamp() * 1_000)


[EVENTS_BLOCK] = re.findall(r"```json\n(.*?)\n```", PAGE, re.DOTALL)
EVENTS = [sample(line) for line in EVENTS_BLOCK.splitlines()]
[NOW] = re.findall(r"asked at `([^`]+)`", PAGE)


def value_of(expression: str, row: Row) -> str:
    answer = parse(f"select({expression} as it)").plan(milliseconds(NOW)).run().feed(row)
    assert answer is not None
    assert answer.cells is not None
    return text_of(answer.cells["it"])


def answered(query: str) -> str:
    plan = parse(query).plan(milliseconds(NOW))
    run = plan.run()
    answers = [answer for row in reversed(EVENTS) if (answer := run.feed(row)) is not None]
    rows = [answer.cells or {} for answer in [*answers, *run.table_answers()]]
    table = QueryTable(plan.columns, rows)
    return "\n".join([*table.head(), *map(table.line, rows)])


@pytest.mark.parametrize(("expression", "value"), VALUE.findall(PAGE))
def test_a_value_is_what_the_page_says_of_the_first_or_last_event(
    expression: str, value: str
) -> None:
    row = EVENTS[-1] if expression.startswith("xpath") else EVENTS[0]
    assert value_of(expression, row) == value


@pytest.mark.parametrize(("condition", "tokens"), CONDITION.findall(PAGE))
def test_a_condition_finds_the_events_that_the_page_says(condition: str, tokens: str) -> None:
    found = answered(f"{condition} | select(token) | sortby(token)").splitlines()[2:]
    assert ", ".join(map(str.strip, found)) == tokens.replace("none", "")


@pytest.mark.parametrize(("query", "answer"), ANSWER.findall(PAGE))
def test_a_query_gives_the_answer_below_it(query: str, answer: str) -> None:
    assert answered(query) == answer


@pytest.mark.parametrize(("query", "sentence"), REFUSAL.findall(PAGE))
def test_a_refusal_says_what_the_page_says(query: str, sentence: str) -> None:
    with pytest.raises(QueryError) as refusal:
        parse(query)
    assert str(refusal.value) == sentence


def test_the_page_has_an_example_of_every_word() -> None:
    examples = [expression for expression, _ in VALUE.findall(PAGE)]
    examples += [query for query, _ in ANSWER.findall(PAGE)]
    written = " ".join(examples).lower()
    for word in (*FUNCTIONS, *SHAPERS, *AGGREGATES):
        assert f"{word}(" in written, word
    for unit in TIME_UNITS_MS:
        assert re.search(rf"\b{unit}\b", PAGE), unit


@pytest.mark.parametrize("query", re.findall(r"events query '([^']+)'", HOW_TO))
def test_the_queries_of_the_how_to_can_be_read(query: str) -> None:
    parse(query)


def test_the_patterns_find_all_examples() -> None:
    assert len(ANSWER.findall(PAGE)) == PAGE.count("```query")
    assert len(VALUE.findall(PAGE)) > 40
    assert len(CONDITION.findall(PAGE)) > 15
    assert len(REFUSAL.findall(PAGE)) > 2
