"""The functions of the language, by name; what cannot be worked out is nothing (`None`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Final

from ranvier.events.query.date_format import compile_date_format
from ranvier.events.query.date_parts import DATE_PARTS
from ranvier.events.query.errors import refused
from ranvier.events.query.json_path import compile_json_path
from ranvier.events.query.rows import META_DATA, Evaluator, Row
from ranvier.events.query.syntax import Call, Text
from ranvier.events.query.time_zone import UTC_ZONE, local_time, time_zone_of
from ranvier.events.query.values import Value, is_number, text_of
from ranvier.events.query.xml_path import compile_xml_path
from ranvier.events.query.xml_results import XML_RESULTS

Maker = Callable[[Call, Sequence[Evaluator]], Evaluator]
"""Makes the evaluator of a call from those of its operands."""


def _of_text(work: Callable[[str], Value]) -> Maker:
    def make(_call: Call, operands: Sequence[Evaluator]) -> Evaluator:
        (operand,) = operands
        return lambda row: None if (value := operand(row)) is None else work(text_of(value))

    return make


def _length(_call: Call, operands: Sequence[Evaluator]) -> Evaluator:
    (operand,) = operands

    def length(row: Row) -> Value:
        value = operand(row)
        if value is None:
            return None
        return len(value) if isinstance(value, (tuple, Mapping)) else len(text_of(value))

    return length


def _part(cut: Callable[[str, int], str]) -> Maker:
    def make(_call: Call, operands: Sequence[Evaluator]) -> Evaluator:
        data, count = operands

        def part(row: Row) -> Value:
            value, characters = data(row), _whole(count(row))
            return None if value is None or characters is None else cut(text_of(value), characters)

        return part

    return make


def _last_characters(text: str, count: int) -> str:
    return text[-count:] if count else ""


def _substring(_call: Call, operands: Sequence[Evaluator]) -> Evaluator:
    data, *borders = operands

    def substring(row: Row) -> Value:
        value, places = data(row), [_whole(border(row)) for border in borders]
        if value is None or None in places:
            return None
        return text_of(value)[slice(*places, *[None] * (2 - len(places)))]

    return substring


def _whole(value: Value) -> int | None:
    """Return a number of characters, cut to a whole one from 0 up."""
    return max(0, int(value)) if is_number(value) and isfinite(value) else None


def _concat(_call: Call, operands: Sequence[Evaluator]) -> Evaluator:
    items, delimiter = operands

    def concat(row: Row) -> Value:
        values, between = items(row), delimiter(row)
        if values is None or between is None:
            return None
        listed = values if isinstance(values, tuple) else (values,)
        return text_of(between).join(map(text_of, listed))

    return concat


def _format_date(call: Call, operands: Sequence[Evaluator]) -> Evaluator:
    show = compile_date_format(_literal(call, 1, "a pattern such as 'yyyy-MM-dd' in quotes"))
    zone = time_zone_of(_literal(call, 2, "a time zone in quotes")) if operands[2:] else UTC_ZONE
    time = operands[0]

    def format_date(row: Row) -> Value:
        moment = local_time(time(row), zone)
        return None if moment is None else show(moment)

    return format_date


def _date_part(call: Call, operands: Sequence[Evaluator]) -> Evaluator:
    zone = time_zone_of(_literal(call, 1, "a time zone in quotes")) if operands[1:] else UTC_ZONE
    find, time = DATE_PARTS[call.name], operands[0]

    def date_part(row: Row) -> Value:
        moment = local_time(time(row), zone)
        return None if moment is None else find(moment)

    return date_part


def _json_path(call: Call, operands: Sequence[Evaluator]) -> Evaluator:
    find, data = (
        compile_json_path(_literal(call, 1, "a path in quotes, such as '$.a'")),
        operands[0],
    )
    return lambda row: None if (value := data(row)) is None else find(text_of(value))


def _xml_path(call: Call, operands: Sequence[Evaluator]) -> Evaluator:
    find, data = compile_xml_path(_literal(call, 1, "a path in quotes, such as '//a'")), operands[0]
    wanted = "STRING"
    if operands[2:]:
        kind = _literal(call, 2, f"one of {', '.join(XML_RESULTS)} in quotes")
        wanted = kind.value.upper()
        if wanted not in XML_RESULTS:
            raise refused(kind.value, kind.offset, f"is none of {', '.join(XML_RESULTS)}.")
    show = XML_RESULTS[wanted]

    def xml_path(row: Row) -> Value:
        value = data(row)
        found = None if value is None else find(text_of(value))
        return None if found is None else show(found)

    return xml_path


def _meta_data(_call: Call, operands: Sequence[Evaluator]) -> Evaluator:
    (key,) = operands

    def meta_data(row: Row) -> Value:
        held = row.cell(META_DATA)
        return held.get(text_of(key(row))) if isinstance(held, Mapping) else None

    return meta_data


def _literal(call: Call, index: int, expected: str) -> Text:
    """Return an operand that is settled by the text of the query."""
    operand = call.operands[index]
    if not isinstance(operand, Text):
        raise refused(call.name, call.offset, f"needs {expected}.")
    return operand


FUNCTION_MAKERS: Final[Mapping[str, Maker]] = {
    "left": _part(lambda text, count: text[:count]),
    "right": _part(_last_characters),
    "length": _length,
    "lower": _of_text(str.lower),
    "upper": _of_text(str.upper),
    "substring": _substring,
    "concat": _concat,
    "formatdate": _format_date,
    **dict.fromkeys(DATE_PARTS, _date_part),
    "jsonpath": _json_path,
    "xpath": _xml_path,
    "metadata": _meta_data,
}
