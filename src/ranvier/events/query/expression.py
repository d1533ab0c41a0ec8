"""Reads the condition of a filter: a recursive descent, one function for each rule.

    condition   conjunction ( 'or' conjunction )*
    conjunction negation ( 'and' negation )*
    negation    'not' negation  |  comparison
    comparison  sum [ sign sum  |  ['not'] ( 'in' | 'contains' | 'match' ) sum ]
    sum         term ( ( '+' | '-' ) term )*
    term        applied ( ( '*' | '/' | '%' ) applied )*
    applied     factor ( function factor )*
    factor      ( '+' | '-' ) factor  |  number  |  text  |  column  |  list  |  call
                |  'null'  |  'true'  |  'false'  |  '(' condition ')'
    list        '[' sum ( ',' sum )* ']'
    call        ( function | 'in' | 'contains' | 'match' ) '(' condition ( ',' condition )* ')'

After `in`, a list may stand in parentheses. Keywords may be written in capitals, columns not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from math import isinf

from ranvier.events.query import vocabulary as words
from ranvier.events.query.bounds import (
    MAXIMUM_LIST_ITEMS,
    MAXIMUM_NESTING_LEVELS,
    MAXIMUM_OPERANDS,
)
from ranvier.events.query.cursor import Cursor, too_deep, unexpected
from ranvier.events.query.errors import QueryError, refused
from ranvier.events.query.lexer import Token, TokenKind
from ranvier.events.query.rows import META_DATA
from ranvier.events.query.syntax import (
    Call,
    Column,
    Expression,
    Items,
    Number,
    Text,
    levels_above,
)

_GREATEST_WHOLE = 2**63 - 1
_TRUE_OR_FALSE = words.CONDITIONS | {words.TRUE, words.FALSE}
_ANY_OPERAND = "a field, a text, a number, a list or '('"


def read_condition(cursor: Cursor) -> Expression:
    """Read an expression that is true or false for each row; refuse one that is neither."""
    start = cursor.token
    return _as_condition(_either(cursor), start)


def read_value(cursor: Cursor) -> Expression:
    """Read any expression: a calculation, a call, or a condition."""
    return _either(cursor)


def read_number(cursor: Cursor) -> Number:
    """Read a number without sign: whole within 63 bits, else floating point."""
    token = cursor.token
    if token.kind is not TokenKind.NUMBER:
        raise unexpected(token, "a number")
    cursor.take()
    # Long rows of digits are not made whole first: that takes time with the square of their length.
    value = int(token.text) if token.text.isdigit() and len(token.text) < 20 else float(token.text)
    if isinf(value):
        raise refused(token.text, token.offset, "is too great a number.")
    return Number(float(value) if value > _GREATEST_WHOLE else value, token.offset)


def _either(cursor: Cursor) -> Expression:
    return _joined(cursor, words.OR, _both)


def _both(cursor: Cursor) -> Expression:
    return _joined(cursor, words.AND, _negation)


def _joined(cursor: Cursor, keyword: str, read: Callable[[Cursor], Expression]) -> Expression:
    start = cursor.token
    first = read(cursor)
    joining = cursor.token
    if joining.keyword != keyword:
        return first
    operands = [_as_condition(first, start)]
    while cursor.token.keyword == keyword:
        if len(operands) == MAXIMUM_OPERANDS:
            raise _refusal(
                cursor.token, f"joins more than {MAXIMUM_OPERANDS} conditions; use 'in'."
            )
        cursor.take()
        start = cursor.token
        operands.append(_as_condition(read(cursor), start))
    return _call(keyword, joining, *operands)


def _negation(cursor: Cursor) -> Expression:
    if cursor.token.keyword != words.NOT:
        return _comparison(cursor)
    negating = cursor.take()
    start = cursor.token
    with cursor.nested():
        return _call(words.NOT, negating, _as_condition(_negation(cursor), start))


def _comparison(cursor: Cursor) -> Expression:
    left = _sum(cursor)
    if cursor.at_sign(*words.COMPARISONS):
        sign = cursor.take()
        return _call(sign.text, sign, left, _sum(cursor))
    if cursor.token.keyword == words.NOT:
        negating = cursor.take()
        if cursor.token.keyword not in words.RELATIONS:
            raise unexpected(cursor.token, "'in', 'contains' or 'match'")
        return _call(words.NOT, negating, _relation(cursor, left))
    if cursor.token.keyword in words.RELATIONS:
        return _relation(cursor, left)
    return left


def _relation(cursor: Cursor, left: Expression) -> Expression:
    relation = cursor.take()
    in_parentheses = relation.keyword == words.IN and cursor.at_sign("(")
    right = _items(cursor, ")") if in_parentheses else _sum(cursor)
    return _call(relation.keyword, relation, left, right)


def _sum(cursor: Cursor) -> Expression:
    return _chain(cursor, ("+", "-"), _term)


def _term(cursor: Cursor) -> Expression:
    return _chain(cursor, ("*", "/", "%"), _applied)


def _applied(cursor: Cursor) -> Expression:
    result = _factor(cursor)
    while cursor.token.keyword in words.INFIX and cursor.token.text not in cursor.scope.columns:
        name = cursor.take()
        result = _call(name.keyword, name, result, _factor(cursor))
    return result


def _chain(
    cursor: Cursor, signs: tuple[str, ...], read: Callable[[Cursor], Expression]
) -> Expression:
    result = read(cursor)
    while cursor.at_sign(*signs):
        sign = cursor.take()
        result = _call(sign.text, sign, result, read(cursor))
    return result


def _factor(cursor: Cursor) -> Expression:
    token = cursor.token
    match token.kind:
        case TokenKind.TEXT:
            cursor.take()
            return Text(token.text, token.offset)
        case TokenKind.NUMBER:
            return read_number(cursor)
        case TokenKind.WORD:
            return _named(cursor)
        case _:
            with cursor.nested():
                return _signed_or_enclosed(cursor)


def _signed_or_enclosed(cursor: Cursor) -> Expression:
    sign = cursor.token
    if cursor.accept("("):
        inner = _either(cursor)
        cursor.expect(")")
        return inner
    if cursor.at_sign("["):
        return _items(cursor, "]")
    if cursor.accept("+"):
        return _factor(cursor)
    if cursor.accept("-"):
        return _negative(sign, _factor(cursor))
    raise unexpected(sign, _ANY_OPERAND)


def _negative(sign: Token, operand: Expression) -> Expression:
    if isinstance(operand, Number):
        return Number(-operand.value, sign.offset)
    return _call("-", sign, Number(0, sign.offset), operand)


def _named(cursor: Cursor) -> Expression:
    name = cursor.take()
    if cursor.at_sign("("):
        with cursor.nested():
            return _function(cursor, name)
    if name.text in cursor.scope.columns:
        return Column(name.text, name.offset)
    if name.keyword in words.CONSTANTS:
        return _call(name.keyword, name)
    if name.keyword in words.RESERVED:
        raise unexpected(name, _ANY_OPERAND)
    raise _unknown(name, "field", cursor.scope.columns)


def _function(cursor: Cursor, name: Token) -> Expression:
    if name.keyword in words.RELATIONS:
        least, most = 2, 2
    elif name.keyword in words.FUNCTIONS:
        least, most = words.FUNCTIONS[name.keyword]
    else:
        raise _no_function(name)
    if name.keyword == META_DATA.lower() and META_DATA not in cursor.scope.columns:
        raise _refusal(name, f"needs the column {META_DATA}, which no row has any more.")
    cursor.expect("(")
    operands = [read_value(cursor)]
    while len(operands) < least or (len(operands) < most and cursor.at_sign(",")):
        cursor.expect(",")
        operands.append(read_value(cursor))
    cursor.expect(")")
    return _call(name.keyword, name, *operands)


def _no_function(name: Token) -> QueryError:
    if name.keyword in words.AGGREGATES | words.SHAPERS:
        return _refusal(name, "shapes the whole answer; it stands as a step of its own.")
    return _unknown(name, "function", tuple(sorted(words.RELATIONS | words.FUNCTIONS.keys())))


def _items(cursor: Cursor, closing: str) -> Items:
    opening = cursor.take()
    items = [_sum(cursor)]
    while cursor.accept(","):
        if len(items) == MAXIMUM_LIST_ITEMS:
            raise _refusal(cursor.token, f"is one more than the {MAXIMUM_LIST_ITEMS} of a list.")
        items.append(_sum(cursor))
    cursor.expect(closing)
    return Items(tuple(items), opening.offset, _levels_above(items, opening))


def _call(name: str, written: Token, *operands: Expression) -> Call:
    return Call(name, operands, written.offset, _levels_above(operands, written))


def _levels_above(operands: Sequence[Expression], written: Token) -> int:
    levels = levels_above(operands)
    if levels > MAXIMUM_NESTING_LEVELS:
        raise too_deep(written)
    return levels


def _as_condition(expression: Expression, start: Token) -> Expression:
    if isinstance(expression, Call) and expression.name in _TRUE_OR_FALSE:
        return expression
    raise _refusal(start, "begins no condition; compare it with something.")


def _unknown(name: Token, kind: str, known: tuple[str, ...]) -> QueryError:
    nearest = get_close_matches(name.text[:64], known, n=1)
    remedy = f"did you mean '{nearest[0]}'?" if nearest else f"there are {', '.join(known)}."
    return _refusal(name, f"is no {kind}; {remedy}")


def _refusal(token: Token, remedy: str) -> QueryError:
    return refused(token.text, token.offset, remedy)
