from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ranvier.events.query import QueryError
from ranvier.events.query.bounds import MAXIMUM_PATH_STEPS
from ranvier.events.streams.property_path import read_property_path

PAYLOAD = b'{"a": {"b": [10, {"c d": "x"}], "": 1}, "n": null, "t": true, "\\u00e4": "\\ud800"}'
XML = b'<order id="7"><line>x</line><line>y</line></order>'


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.a.b[0]", "10"),
        ("a.b[0]", "10"),
        (" $['a']['b'][1]['c d'] ", "x"),
        ("$.a.b[2]", None),
        ("$.a.b.c", None),
        ("$.n", None),
        ("$.t", "true"),
        ("$.a.b", "[10, {c d=x}]"),
        ("$.ä", "\ufffd" * 3),
        ("$.nothing.at.all", None),
    ],
)
def test_values_in_json(path: str, expected: str | None) -> None:
    assert read_property_path("json", path)(PAYLOAD) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/order/line", "x"),
        ("//line[2]", "y"),
        ("/order/@id", "7"),
        ("//nothing", None),
        ("count(//line)", "2"),
    ],
)
def test_values_in_xml(path: str, expected: str | None) -> None:
    assert read_property_path("xml", path)(XML) == expected


@pytest.mark.parametrize("path", ["", "$.", "a[", "a[x]", "a['b]", "$a"])
def test_no_paths(path: str) -> None:
    with pytest.raises(QueryError):
        read_property_path("json", path)


def test_paths_have_a_bound() -> None:
    read_property_path("json", "$" + ".a" * MAXIMUM_PATH_STEPS)
    with pytest.raises(QueryError):
        read_property_path("json", "$" + ".a" * (MAXIMUM_PATH_STEPS + 1))


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"<a/>", b"[" * 100_000, b"7"])
@pytest.mark.parametrize(("serialization", "path"), [("json", "$.x"), ("xml", "//x")])
def test_payloads_without_the_property(serialization: str, path: str, payload: bytes) -> None:
    assert read_property_path(serialization, path)(payload) is None


def test_a_payload_that_takes_too_much_work_has_no_property() -> None:
    wide = b"[" + b",".join([b"[" + b",".join([b"1"] * 1_000) + b"]"] * 1_000) + b"]"
    assert read_property_path("json", "$..x")(wide) is None


@given(some.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        find = read_property_path("json", text)
    except QueryError:
        return
    found = find(PAYLOAD)
    assert found is None or found.encode()
