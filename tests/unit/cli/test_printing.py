from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.cli.printed_metrics import PrintedMetric, read_metrics
from ranvier.cli.printing import (
    LONGEST_TEXT,
    aligned,
    one_line,
    shortened,
    write_json_array,
    write_line,
)


@given(st.text())
def test_a_line_for_people_holds_nothing_that_steers_a_terminal(text: str) -> None:
    assert one_line(text).isprintable()


def test_what_is_printable_stays() -> None:
    assert one_line("Grüße, 世界 {}") == "Grüße, 世界 {}"
    assert one_line("a\x1b[2J\nb\x9b") == "a\\x1b[2J\\nb\\x9b"
    assert one_line("\ud800") == "\\ud800"


def test_long_texts_are_cut_with_a_mark() -> None:
    assert shortened("x" * LONGEST_TEXT) == "x" * LONGEST_TEXT
    assert shortened("x" * (LONGEST_TEXT + 1)) == "x" * (LONGEST_TEXT - 1) + "…"


def test_a_character_that_the_terminal_lacks_becomes_an_escape() -> None:
    raw = io.BytesIO()
    terminal = io.TextIOWrapper(raw, "ascii")
    write_line("grün", terminal)
    terminal.flush()
    assert raw.getvalue() == b"gr\\xfcn\n"


@pytest.mark.parametrize("items", [[], [{"a": 1}], [1, "zwei\n", None]])
def test_arrays_are_json(items: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    write_json_array(iter(items))
    assert json.loads(capsys.readouterr().out) == items


def test_nothing_is_printed_before_the_first_item_is_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ZeroDivisionError):
        write_json_array(1 // each for each in (0, 1))
    assert capsys.readouterr().out == ""


def test_columns_are_aligned_without_spaces_at_the_end() -> None:
    assert list(aligned([("a", "1"), ("long", "2222")])) == ["a     1", "long  2222"]
    assert list(aligned([])) == []


def test_metrics_are_read_with_their_labels() -> None:
    page = (
        "# HELP a_b help\n# TYPE a_b gauge\na_b 1.0\n"
        'c{x="1",y="q\\"\\\\\\n\x85,z=\\"}"} +Inf\nnonsense\nd{} 1.2.3\n'
    )
    assert list(read_metrics(page)) == [
        PrintedMetric("a_b", {}, 1.0),
        PrintedMetric("c", {"x": "1", "y": 'q"\\\n\x85,z="}'}, float("inf")),
    ]
