from __future__ import annotations

import pytest

from ranvier.web.balancer_activation import is_set_aside


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ({}, False),
        ({"ajp": {}}, False),
        ({"ajp": {"activation": "ACT"}}, False),
        ({"ajp": {"activation": "DIS"}}, True),
        ({"ajp": {"activation": "STP"}}, True),
    ],
)
def test_what_mod_jk_says(extensions: dict[str, dict[str, str]], *, expected: bool) -> None:
    assert is_set_aside({"extensions": extensions}) is expected
    assert not is_set_aside({})
