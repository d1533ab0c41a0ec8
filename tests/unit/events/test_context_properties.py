"""Properties of contexts."""

from __future__ import annotations

import pytest

from ranvier.events.context_properties import PROPERTIES_PER_CONTEXT, refuse_properties


@pytest.mark.parametrize("properties", [{}, {"a": ""}, {"a": "ü" * 2_048}, {"a" * 255: "b"}])
def test_short_texts_are_taken(properties: dict[str, str]) -> None:
    assert refuse_properties(properties) is None


@pytest.mark.parametrize(
    "properties",
    [
        {"": "b"},
        {"a\0": "b"},
        {"a" * 256: "b"},
        {"a": "b\0"},
        {"a": "ü" * 2_049},
        {"a": "\udc80"},
        {str(number): "" for number in range(PROPERTIES_PER_CONTEXT + 1)},
    ],
)
def test_what_cannot_be_stored_is_refused_axoniq_2311(properties: dict[str, str]) -> None:
    refusal = refuse_properties(properties)
    assert refusal is not None
    assert refusal.code == "AXONIQ-2311"
