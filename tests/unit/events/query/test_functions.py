"""Functions at their edges: hostile documents, odd operands, budgets."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.events.query import QueryError, Row, Value, parse, parse_filter
from ranvier.events.query.bounds import (
    MAXIMUM_DOCUMENT_LEVELS,
    MAXIMUM_PATH_VISITS,
    MAXIMUM_XML_ELEMENTS,
)
from ranvier.events.query.functions import FUNCTION_MAKERS
from ranvier.events.query.values import text_of
from ranvier.events.query.vocabulary import FUNCTIONS
from tests.support.event_row import ACCOUNT_OPENED, EventRow


def value_of(expression: str, row: Row = ACCOUNT_OPENED) -> Value:
    answer = parse(f"select({expression} as it)").plan(0).run().feed(row)
    assert answer is not None
    assert answer.cells is not None
    return answer.cells["it"]


def of(data: Value, expression: str) -> Value:
    return value_of(expression, EventRow({"payloadData": data, "token": 1, "timestamp": 0}))


def test_every_function_of_the_vocabulary_is_made() -> None:
    assert FUNCTION_MAKERS.keys() == FUNCTIONS.keys()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("left(null, 1)", None),
        ('left("abc", null)', None),
        ('left("abc", -1)', ""),
        ('left("abc", 1.9)', "a"),
        ('right("abc", 0)', ""),
        ('right("abc", 9)', "abc"),
        ('right("abc", -2)', ""),
        ('substring("abc", 2, 1)', ""),
        ('substring("abc", -5, 2)', "ab"),
        ('substring("abc", 0, null)', None),
        ("length(null)", None),
        ("length([1, 2])", 2),
        ("length(metaData)", 3),
        ("lower(null)", None),
        ("upper(token)", "5"),
        ('concat("a", "-")', "a"),
        ('concat(null, "-")', None),
        ('concat(["a"], null)', None),
        ('metaData("retried")', True),
        ("metaData(null)", None),
        ('metaData("attempt") + 1', 3),
        ('formatDate(1e300, "yyyy")', None),
        ('formatDate(0, "")', ""),
        ("formatDate(0, \"''h''a ''\", 'UTC')", "'12'AM '"),
        ('formatDate(0, "MMM M E D w yyyyy S SSSSSSS X XX ssXXX Z z")',
         "Jan 1 Thu 1 1 01970 0 0000000 Z Z 00Z +0000 UTC"),
        ('formatDate(0, "X XX ssXXX", "+05:30")', "+0530 +0530 00+05:30"),
        ('formatDate(0, "X HH", "UTC-3")', "-03 21"),
        ("year(null)", None),
    ],
)  # fmt: skip
def test_odd_operands(expression: str, value: Value) -> None:
    assert value_of(expression) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{} {}",
        "nonsense",
        '{"a": NaN',
        "[" * 100_000,
        "[" * (MAXIMUM_DOCUMENT_LEVELS + 1) + "]" * (MAXIMUM_DOCUMENT_LEVELS + 1),
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        "\ufeff{}",
    ],
)
def test_what_is_no_json_gives_nothing(text: str) -> None:
    assert of(text, 'jsonpath(payloadData, "$")') is None
    assert of(text, 'jsonpath(payloadData, "$..a")') is None


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("1", "$", 1),
        ("null", "$", None),
        ("[[1]]", "$[0][0]", 1),
        ("[[1]]", "$.a", None),
        ('{"a": 123456789012345678901234567890}', "$.a", 123456789012345678901234567890.0),
        ('{"a": 9223372036854775807}', "$.a", 2**63 - 1),
        ('{"a": -9223372036854775809}', "$.a", float(-(2**63) - 1)),
        ('{"a": 1e999}', "$.a", float("inf")),
        ('{"a": "\\ud800"}', "$.a", "\ufffd\ufffd\ufffd"),
        ('{"\\ud800": 1}', "$", "{\ufffd\ufffd\ufffd=1}"),
        ('{"é b": 1}', "$['é b']", 1),
        ('{"é": 1}', "$.é", 1),
        ('{"a\'b": 1}', "$['a\\'b']", 1),
        ("[1,2,3]", "$[1:]", "[2, 3]"),
        ("[1,2,3]", "$[:-1]", "[1, 2]"),
        ("[1,2,3]", "$[?(@ != 2)]", "[1, 3]"),
        ('[{"a":"x"},{"a":1},{}]', "$[?(@.a == 'x' || @.a < 2)].a", "[x, 1]"),
        ('[{"a":null},{}]', "$[?(@.a == null)]", "[{a=}]"),
        ('[{"a":1.5}]', "$[?(@.a >= -1.5)].a", "[1.5]"),
        ('[{"a":true}]', "$[?(!@.b && (@.a))].a", "[true]"),
        ('{"a":{"b":{"a":1}}}', "$..a", "[{b={a=1}}, 1]"),
        ('{"a":[1,{"b":2}]}', "$..*", "[[1, {b=2}], 1, {b=2}, 2]"),
        ('{"a":[1,2]}', "$..[0]", "[1]"),
    ],
)
def test_json_paths(text: str, path: str, value: Value) -> None:
    literal = path.replace("'", "\\'")
    assert of(text, f"jsonpath(payloadData, '{literal}')") == value


def test_a_json_path_touches_only_so_many_values() -> None:
    wide = "[" + "1," * (MAXIMUM_PATH_VISITS // 2) + "1]"
    assert of(wide, 'length(jsonpath(payloadData, "$[*]"))') == MAXIMUM_PATH_VISITS // 2 + 1
    with pytest.raises(QueryError, match="The path at position 37 touches over"):
        of(wide, 'length(jsonpath(payloadData, "$..*"))')
    deep = '{"a":' * 90 + "1" + "}" * 90
    with pytest.raises(QueryError, match="touches over"):
        of(deep, 'jsonpath(payloadData, "$..a..a..a..a..a..a")')


DTD = '<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>'
BOMB = (
    '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">'
    + "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 9))
    + "]><a>&b8;</a>"
)
EXTERNAL = '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<a>",
        "<a/><b/>",
        "no xml",
        "<a>&b;</a>",
        DTD,
        BOMB,
        EXTERNAL,
        "<a>" * (MAXIMUM_DOCUMENT_LEVELS + 1) + "</a>" * (MAXIMUM_DOCUMENT_LEVELS + 1),
        "<a>" * 100_000,
        f"<a>{'<b/>' * MAXIMUM_XML_ELEMENTS}</a>",
        "<a>\x00</a>",
        "<a b='1' b='2'/>",
    ],
)
def test_what_is_no_safe_xml_gives_nothing(text: str) -> None:
    assert of(text, 'xpath(payloadData, "//a")') is None
    assert of(text, 'xpath(payloadData, "count(//a)", "NUMBER")') is None


@pytest.mark.parametrize(
    ("text", "arguments", "value"),
    [
        ("<a>x<b>y</b>z</a>", "'/a'", "xyz"),
        ("<a>x<b>y</b>z</a>", "'a/text()', 'NODESET'", "[x, z]"),
        ("<a>&lt;&#233;</a>", "'/a'", "<é"),
        ('<?xml version="1.0" encoding="latin1"?><a>é</a>', "'/a'", "é"),
        ("<s:a xmlns:s='u'><s:b>1</s:b></s:a>", "'//s:b'", "1"),
        ("<com.acme.Opened><owner-id>1</owner-id></com.acme.Opened>", "'//owner-id'", "1"),
        ("<a><b>1</b><b>2</b></a>", "'/a/b', 'nodeset'", "[1, 2]"),
        ("<a><b>1</b><b>2</b></a>", "'//b[1]'", "1"),
        ("<a><b>1</b><b>2</b></a>", "'//b[0]'", None),
        ("<a><b>1</b><b>2</b></a>", "'//b[. >= 2]', 'NUMBER'", 2),
        ("<a><b>1</b><b>x</b></a>", "'//b[. != \"1\"]'", "x"),
        ("<a><b>1</b><b>x</b></a>", "'//b[. < 5]', 'NODESET'", "[1]"),
        ("<a><b><c/></b><b/></a>", "'count(//b[c])', 'NUMBER'", 1),
        ("<a><b><c/></b><b/></a>", "'count(/a//*)', 'NUMBER'", 3),
        ("<a><b>1</b></a>", "'string(//b)'", "1"),
        ("<a><b>1.5</b></a>", "'number(//b)', 'NUMBER'", 1.5),
        ("<a><b>x</b></a>", "'number(//b)', 'NUMBER'", None),
        ("<a><b/></a>", "'boolean(//b)', 'BOOLEAN'", True),
        ("<a><b/></a>", "'boolean(//c)', 'BOOLEAN'", False),
        ("<a><b><a><b>1</b></a></b></a>", "'count(//a//b)', 'NUMBER'", 2),
        ("<a><b/></a>", "'/a/b/../../..', 'NODESET'", "[]"),
        ("<a><b/></a>", "'/a/./b', 'NODE'", ""),
        ("<a b='1'/>", "'/a[@b=1]/@b'", "1"),
        ("<a b='1'/>", "'/a[@c]'", None),
    ],
)
def test_xml_paths(text: str, arguments: str, value: Value) -> None:
    assert of(text, f"xpath(payloadData, {arguments})") == value


def test_an_xml_path_touches_only_so_many_elements() -> None:
    nested = "<a>" * 90 + "</a>" * 90
    wide = f"<r>{nested * 100}</r>"
    with pytest.raises(QueryError, match="touches over"):
        of(wide, 'xpath(payloadData, "//a//a//a[.//a//a]")')


PIECES = st.sampled_from(
    [
        "$", ".", "..", "[", "]", "*", "'a'", "a", "0", "-1", ":", ",", "?(", "@", ")", "==", "<",
        "&&", "||", "!", "/", "//", "text()", "@b", "count(", "last()", "=", " ", "1.5", "é", "\\",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join), st.sampled_from(["jsonpath", "xpath"]))
def test_whatever_a_path_is_it_is_read_or_refused(path: str, function: str) -> None:
    literal = path.replace('"', '\\"')
    with suppress(QueryError):
        condition = parse_filter(f'{function}(payloadData, "{literal}") = 1')
        for data in ('{"a":[1,{"a":"x"}]}', "<a b='1'><a>x</a>y</a>", "nonsense"):
            condition.matches(EventRow({"payloadData": data}))


@given(st.text(max_size=12), st.integers())
def test_whatever_a_date_pattern_is_it_is_shown_or_refused(pattern: str, time_ms: int) -> None:
    literal = pattern.replace('"', '\\"')
    with suppress(QueryError):
        shown = of(None, f'formatDate({time_ms}, "{literal}", "Europe/Berlin")')
        assert shown is None or isinstance(shown, str)


@given(st.text(), st.integers(0, 10), st.integers(0, 10))
def test_parts_of_a_text_are_those_of_python(text: str, first: int, last: int) -> None:
    row = EventRow({"payloadData": text})
    assert value_of(f"left(payloadData, {first})", row) == text[:first]
    assert value_of(f"right(payloadData, {first})", row) == text[max(0, len(text) - first) :]
    assert value_of(f"substring(payloadData, {first}, {last})", row) == text[first:last]
    assert value_of("length(payloadData)", row) == len(text)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(1 - 2**63, 2**63 - 1), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)


@given(json_values)
def test_a_json_text_reads_back(value: object) -> None:
    assert of(json.dumps(value), 'jsonpath(payloadData, "$")') == shown_json(value)


def shown_json(value: object) -> Value:
    if isinstance(value, (list, dict)):
        return text_of(plain(value))
    assert value is None or isinstance(value, (bool, int, str))
    return value


def plain(value: object) -> Value:
    if isinstance(value, list):
        return tuple(map(plain, value))
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    assert value is None or isinstance(value, (bool, int, str))
    return value
