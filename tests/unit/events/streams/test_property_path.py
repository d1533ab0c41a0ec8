from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ranvier.events.streams.property_path import STEPS_AT_MOST, read_property_path

PAYLOAD = b'{"a": {"b": [10, {"c d": "x"}], "": 1}, "n": null, "t": true, "\\u00e4": "\\ud800"}'


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.a.b[0]", "10"),
        ("a.b[0]", "10"),
        (" $['a']['b'][1]['c d'] ", "x"),
        ('$["a"].b[1]["c d"]', "x"),
        ("$.a.b[2]", None),
        ("$.a.b.c", None),
        ("$.a[0]", None),
        ("$.n", None),
        ("$.t", "true"),
        ("$.a.b", '[10, {"c d": "x"}]'),
        ("$.ä", "?"),
        ("$.nothing.at.all", None),
    ],
)
def test_values(path: str, expected: str | None) -> None:
    find = read_property_path(path)
    assert find is not None
    assert find(PAYLOAD) == expected


@pytest.mark.parametrize(
    "path", ["", "$", "$.", "$..a", "a[", "a[x]", "a['b]", "a b.c]", "$.a[-1]"]
)
def test_no_paths(path: str) -> None:
    assert read_property_path(path) is None


def test_paths_have_a_bound() -> None:
    assert read_property_path(".a" * STEPS_AT_MOST) is not None
    assert read_property_path(".a" * (STEPS_AT_MOST + 1)) is None


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"<a/>", b"[" * 100_000, b"7"])
def test_payloads_without_the_property(payload: bytes) -> None:
    find = read_property_path("$.a")
    assert find is not None
    assert find(payload) is None


@given(some.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    find = read_property_path(text)
    if find is not None:
        found = find(PAYLOAD)
        assert found is None or found.encode()
