from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.events.query.bounds import MAXIMUM_TEXT_CHARACTERS
from ranvier.events.query.errors import QueryError
from ranvier.events.query.lexer import Token, TokenKind, tokens_of

WORD, NUMBER, TEXT, SIGN = TokenKind.WORD, TokenKind.NUMBER, TokenKind.TEXT, TokenKind.SIGN


def pieces(text: str) -> list[tuple[TokenKind, str]]:
    return [(token.kind, token.text) for token in tokens_of(text)[:-1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\r\n\v\f ", []),
        ("payloadType", [(WORD, "payloadType")]),
        ("_a1", [(WORD, "_a1")]),
        ("12", [(NUMBER, "12")]),
        ("2.5 2. .5", [(NUMBER, "2.5"), (NUMBER, "2."), (NUMBER, ".5")]),
        ("1e3 1.5E-2", [(NUMBER, "1e3"), (NUMBER, "1.5E-2")]),
        ("5minutes", [(NUMBER, "5"), (WORD, "minutes")]),
        ('"a b"', [(TEXT, "a b")]),
        ("'a \"b\"'", [(TEXT, 'a "b"')]),
        (r'"say \"hi\""', [(TEXT, 'say "hi"')]),
        (r'"com\.acme\\d"', [(TEXT, r"com\.acme\\d")]),
        ('""', [(TEXT, "")]),
        ("a<=b", [(WORD, "a"), (SIGN, "<="), (WORD, "b")]),
        ("!= <> < >= > =", [(SIGN, sign) for sign in ("!=", "<>", "<", ">=", ">", "=")]),
        ("()[],|+*/%-", [(SIGN, sign) for sign in "()[],|+*/%-"]),
    ],
)
def test_cuts_the_text_into_its_pieces(text: str, expected: list[tuple[TokenKind, str]]) -> None:
    assert pieces(text) == expected


def test_every_piece_knows_where_it_stood_and_the_end_comes_last() -> None:
    assert tokens_of('a = "b" ') == [
        Token(WORD, "a", 0),
        Token(SIGN, "=", 2),
        Token(TEXT, "b", 4),
        Token(TokenKind.END, "", 8),
    ]


def test_only_words_are_keywords_and_capitals_do_not_matter() -> None:
    word, text, _ = tokens_of('AND "and"')
    assert (word.keyword, text.keyword) == ("and", "")


@pytest.mark.parametrize(
    ("text", "position"),
    [("a = §", 5), ('"open', 1), ("x = 'open", 5), ('"a\nb"', 1), ("a & b", 3), (r'"a\"', 1)],
)
def test_refuses_what_means_nothing_with_its_place(text: str, position: int) -> None:
    with pytest.raises(QueryError) as refusal:
        tokens_of(text)
    assert refusal.value.position == position
    assert f"position {position}" in str(refusal.value)


def test_the_length_of_a_text_is_bounded() -> None:
    longest = "a" * MAXIMUM_TEXT_CHARACTERS
    assert pieces(longest) == [(WORD, longest)]
    with pytest.raises(QueryError, match=f"shorten it to {MAXIMUM_TEXT_CHARACTERS}"):
        tokens_of(longest + "a")


@given(st.text(max_size=200))
def test_any_text_is_cut_without_loss_or_refused(text: str) -> None:
    refusals: list[QueryError] = []
    tokens: list[Token] = []
    try:
        tokens = tokens_of(text)
    except QueryError as error:
        refusals.append(error)
    if refusals:
        assert 1 <= (refusals[0].position or 0) <= len(text)
        return
    assert tokens[-1] == Token(TokenKind.END, "", len(text))
    starts = [token.offset for token in tokens]
    assert starts == sorted(starts)
    for token in tokens[:-1]:
        if token.kind is not TEXT:
            assert text.startswith(token.text, token.offset)


@given(st.text(st.characters(exclude_characters='"\r\n\\')))
def test_a_quoted_text_comes_back_as_it_was(content: str) -> None:
    assert pieces(f'"{content}"') == [(TEXT, content)]
