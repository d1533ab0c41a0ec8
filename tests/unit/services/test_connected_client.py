"""What a client's version says of it."""

from __future__ import annotations

import pytest

from ranvier.services.connected_client import ClientIdentity, version_numbers


@pytest.mark.parametrize(
    ("version", "answers"),
    [
        ("4.6", True),
        ("4.2.1", True),
        ("4.2.10-SNAPSHOT", True),
        ("10.0", True),
        ("4.2", False),
        ("4.2.0", False),
        ("4.1.9", False),
        ("", False),
        ("latest", False),
        ("v4.6", False),
    ],
)
def test_only_clients_from_4_2_1_on_answer_heartbeats(version: str, answers: bool) -> None:
    assert ClientIdentity("id", "name", version).answers_heartbeats is answers


def test_a_version_of_endless_digits_is_no_number() -> None:
    assert version_numbers("9" * 5000 + ".1") == (999_999_999, 1)
