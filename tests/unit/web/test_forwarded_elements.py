"""The grammar of `Forwarded`: the examples of RFC 7239, and what breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.web.forwarded_elements import ELEMENTS_HIGHEST, forwarded_elements


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("", [{}]),
        ('for="_gazonk"', [{"for": "_gazonk"}]),
        ('For="[2001:db8:cafe::17]:4711"', [{"for": "[2001:db8:cafe::17]:4711"}]),
        (
            "for=192.0.2.60;proto=http;by=203.0.113.43",
            [{"for": "192.0.2.60", "proto": "http", "by": "203.0.113.43"}],
        ),
        ("for=192.0.2.43, for=198.51.100.17", [{"for": "192.0.2.43"}, {"for": "198.51.100.17"}]),
        ("for=a ; proto=b,\tfor=c", [{"for": "a", "proto": "b"}, {"for": "c"}]),
        ("for=a;;proto=b", [{"for": "a", "proto": "b"}]),
        ("for=a,,for=b", [{"for": "a"}, {}, {"for": "b"}]),
        (r'host="a\"b,c;d\\"', [{"host": 'a"b,c;d\\'}]),
        ('for="a,for=b"', [{"for": "a,for=b"}]),
    ],
)
def test_what_is_read(text: str, elements: list[dict[str, str]]) -> None:
    assert forwarded_elements(text) == elements


@pytest.mark.parametrize(
    "text",
    [
        "for",
        "for=",
        "=a",
        "for= a",
        "for =a",
        'for="a',
        'for="a\\"',
        "for=[::1]",
        "for=a:1",
        'for="a"b',
        "for=a b",
        "for=a;for=b",
        "for=a;FOR=b",
        "for=a\n",
        "for=\u00e4",
        ",".join(["for=a"] * (ELEMENTS_HIGHEST + 2)),
    ],
)
def test_what_breaks_the_grammar(text: str) -> None:
    assert forwarded_elements(text) is None


@given(st.text(alphabet='for=proto;,"\\ \t[]:abc019', max_size=200) | st.text(max_size=50))
def test_any_text_is_read_or_refused(text: str) -> None:
    elements = forwarded_elements(text)
    assert elements is None or all(isinstance(element, dict) for element in elements)


NAMES = st.from_regex(r"[a-z]{1,8}", fullmatch=True)


@given(
    st.lists(st.dictionaries(NAMES, st.text(alphabet=' !"\\,;=az19[]:', max_size=12)), min_size=1)
)
def test_what_is_written_comes_back(elements: list[dict[str, str]]) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    elements = elements[:ELEMENTS_HIGHEST]
    text = ",".join(
        ";".join(f"{name}={quoted(value)}" for name, value in element.items())
        for element in elements
    )
    assert forwarded_elements(text) == elements
