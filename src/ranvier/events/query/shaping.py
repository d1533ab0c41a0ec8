"""Reads the steps that give rows another shape.

    select      'select' '(' field ( ',' field )* ')'
    groupby     'groupby' '(' key ( ',' key )* ( ',' aggregate )* ')'
    key         field  |  '[' field ( ',' field )* ']'
    aggregate   ( 'count' | 'min' | 'max' | 'avg' | 'sum' ) '(' [value] ')' ['as' name]
    sortby      'sortby' '(' order ( ',' order )* ')'
    order       value [ 'asc' | 'desc' ]
    field       value ['as' name]

An aggregate that is a step by itself sums up all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ranvier.events.query import vocabulary as words
from ranvier.events.query.bounds import MAXIMUM_FIELDS, MAXIMUM_SORT_KEYS
from ranvier.events.query.cursor import Cursor, unexpected
from ranvier.events.query.errors import refused
from ranvier.events.query.expression import read_value
from ranvier.events.query.lexer import Token, TokenKind
from ranvier.events.query.scope import Scope
from ranvier.events.query.syntax import (
    Aggregate,
    Call,
    Column,
    Expression,
    Field,
    Group,
    Select,
    Sort,
    SortKey,
    Step,
)

_NAMELESS: Final = "value"


def _select(cursor: Cursor) -> Select:
    written = cursor.take()
    cursor.expect("(")
    fields = _fields(cursor)
    cursor.expect(")")
    cursor.scope = _scope_of(fields, written)
    return Select(tuple(fields), written.offset)


def _group_by(cursor: Cursor) -> Group:
    written = cursor.take()
    cursor.expect("(")
    keys: list[Field] = []
    aggregates: list[Aggregate] = []
    while True:
        if cursor.at_call(words.AGGREGATES):
            aggregates.append(_aggregate(cursor))
        elif aggregates:
            raise unexpected(cursor.token, "one of count, min, max, avg or sum")
        else:
            keys += _keys(cursor)
        _refuse_many(written, len(keys) + len(aggregates))
        if not cursor.accept(","):
            break
    cursor.expect(")")
    cursor.scope = _scope_of([*keys, *aggregates], written)
    return Group(tuple(keys), tuple(aggregates), written.offset)


def _keys(cursor: Cursor) -> list[Field]:
    if not cursor.accept("["):
        return [_field(cursor)]
    keys = _fields(cursor)
    cursor.expect("]")
    return keys


def _total(cursor: Cursor) -> Group:
    written = cursor.token
    aggregate = _aggregate(cursor)
    cursor.scope = _scope_of([aggregate], written)
    return Group((), (aggregate,), written.offset)


def _aggregate(cursor: Cursor) -> Aggregate:
    function = cursor.take().keyword
    cursor.expect("(")
    has_none = function == words.COUNT and cursor.at_sign(")")
    operand = None if has_none else read_value(cursor)
    cursor.expect(")")
    is_time = function in (words.MINIMUM, words.MAXIMUM) and _is_time(cursor, operand)
    return Aggregate(_name(cursor) or function, function, operand, is_time)


def _sort_by(cursor: Cursor) -> Sort:
    written = cursor.take()
    cursor.expect("(")
    keys = [_sort_key(cursor)]
    while cursor.accept(","):
        direction = _direction(cursor)
        if direction is not None:
            keys[-1] = SortKey(keys[-1].expression, direction)
            continue
        keys.append(_sort_key(cursor))
        if len(keys) > MAXIMUM_SORT_KEYS:
            remedy = f"orders by more than {MAXIMUM_SORT_KEYS} values."
            raise refused(written.text, written.offset, remedy)
    cursor.expect(")")
    return Sort(tuple(keys), cursor.scope.columns, written.offset)


def _sort_key(cursor: Cursor) -> SortKey:
    expression = read_value(cursor)
    return SortKey(expression, _direction(cursor) or False)


def _direction(cursor: Cursor) -> bool | None:
    """Step over a direction, bare or in quotes; tell whether it is downwards, None without one."""
    token = cursor.token
    if token.kind not in (TokenKind.WORD, TokenKind.TEXT):
        return None
    word = token.text.lower()
    if word not in (words.ASCENDING, words.DESCENDING) or token.text in cursor.scope.columns:
        return None
    cursor.take()
    return word == words.DESCENDING


def _fields(cursor: Cursor) -> list[Field]:
    written = cursor.token
    fields = [_field(cursor)]
    while cursor.accept(","):
        fields.append(_field(cursor))
        _refuse_many(written, len(fields))
    return fields


def _field(cursor: Cursor) -> Field:
    expression = read_value(cursor)
    is_time = _is_time(cursor, expression)
    return Field(_name(cursor) or _own_name(expression), expression, is_time)


def _name(cursor: Cursor) -> str:
    """Read the name behind `as`; empty where there is none."""
    if cursor.token.keyword != words.AS:
        return ""
    cursor.take()
    name = cursor.token
    if name.kind is not TokenKind.WORD or name.keyword in words.RESERVED:
        raise unexpected(name, "a name for the column")
    return cursor.take().text


def _own_name(expression: Expression) -> str:
    if isinstance(expression, Column):
        return expression.name
    if isinstance(expression, Call) and expression.name in words.FUNCTIONS:
        return expression.name
    return _NAMELESS


def _is_time(cursor: Cursor, expression: Expression | None) -> bool:
    return isinstance(expression, Column) and expression.name in cursor.scope.times


def _scope_of(fields: Sequence[Field | Aggregate], written: Token) -> Scope:
    names = [field.name for field in fields]
    for name in names:
        if names.count(name) > 1:
            remedy = f"gives two columns the name '{name}'; name one of them anew by 'as'."
            raise refused(written.text, written.offset, remedy)
    return Scope(tuple(names), frozenset(field.name for field in fields if field.is_time))


def _refuse_many(written: Token, count: int) -> None:
    if count > MAXIMUM_FIELDS:
        raise refused(written.text, written.offset, f"begins over {MAXIMUM_FIELDS} columns.")


SHAPED_BY: Final[Mapping[str, Callable[[Cursor], Step]]] = {
    words.SELECT: _select,
    words.GROUP_BY: _group_by,
    words.SORT_BY: _sort_by,
    **dict.fromkeys(words.AGGREGATES, _total),
}
"""What reads the step that begins with a word and a parenthesis."""
