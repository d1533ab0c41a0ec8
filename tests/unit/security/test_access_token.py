from __future__ import annotations

import pytest

from ranvier.security.access_token import TokenVerdict, judge_access_token
from ranvier.security.secret import Secret


@pytest.mark.parametrize("offered", [None, "", "anything"])
def test_everyone_is_admitted_where_no_token_is_required(offered: str | None) -> None:
    assert judge_access_token(None, offered) is TokenVerdict.ADMITTED


@pytest.mark.parametrize(
    ("offered", "verdict", "code"),
    [
        (None, TokenVerdict.MISSING, "AXONIQ-1000"),
        ("", TokenVerdict.MISSING, "AXONIQ-1000"),
        ("wrong", TokenVerdict.WRONG, "AXONIQ-1001"),
        ("right", TokenVerdict.ADMITTED, ""),
    ],
)
def test_a_required_token_is_missing_wrong_or_right(
    offered: str | None, verdict: TokenVerdict, code: str
) -> None:
    judged = judge_access_token(Secret("right"), offered)
    assert judged is verdict
    assert judged.value == code
