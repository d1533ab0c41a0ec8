"""Names of contexts."""

from __future__ import annotations

import pytest

from ranvier.events.context_name import refuse_context_name


@pytest.mark.parametrize("name", ["a", "default", "Orders-2_x", "x" * 255])
def test_a_name_of_letters_digits_and_two_signs_is_taken(name: str) -> None:
    assert refuse_context_name(name) is None


@pytest.mark.parametrize("name", ["", "1a", "-a", "a b", "a.b", "é", "a\n", "x" * 256, "a@b", "ä"])
def test_any_other_name_is_refused_axoniq_2308(name: str) -> None:
    refusal = refuse_context_name(name)
    assert refusal is not None
    assert refusal.code == "AXONIQ-2308"


@pytest.mark.parametrize("name", ["_admin", "_", "_x y"])
def test_internal_names_are_refused_axoniq_2305(name: str) -> None:
    refusal = refuse_context_name(name)
    assert refusal is not None
    assert refusal.code == "AXONIQ-2305"
