from __future__ import annotations

from ranvier.storage.sqlite.positions import TOKEN_LIMIT, base_position, bounded_token


def test_contexts_lie_side_by_side_without_touching() -> None:
    assert base_position(1) + TOKEN_LIMIT == base_position(2)
    assert base_position(2**23 - 1) + TOKEN_LIMIT <= 2**63


def test_a_token_that_a_client_named_is_brought_into_range() -> None:
    assert [bounded_token(token) for token in (-(2**63), -1, 0, 5, 2**63 - 1)] == [
        0,
        0,
        0,
        5,
        TOKEN_LIMIT,
    ]
