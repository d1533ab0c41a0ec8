"""Tags against tags."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ranvier.cluster.tag_fit import tag_fit


@pytest.mark.parametrize(
    ("wanted", "offered", "expected"),
    [
        ({}, {"region": "eu"}, 0),
        ({"region": "eu"}, {}, 0),
        ({"region": "eu"}, {"region": "eu"}, 1),
        ({"region": "eu"}, {"region": "us"}, -1),
        ({"region": "eu", "rack": "7"}, {"region": "eu", "rack": "8"}, 0),
    ],
)
def test_alike_counts_one_and_otherwise_minus_one(
    wanted: Mapping[str, str], offered: Mapping[str, str], expected: int
) -> None:
    assert tag_fit(wanted, offered) == expected
