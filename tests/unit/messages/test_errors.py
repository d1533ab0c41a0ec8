"""The errors of messages: their codes, and sentences that say what to do."""

from __future__ import annotations

import pytest

from ranvier.messages import errors
from ranvier.messages.errors import MessageError

ERRORS = {
    "AXONIQ-4000": errors.NoCommandHandler("Buy", "default"),
    "AXONIQ-4001": errors.CommandHandlerLost("client-1"),
    "AXONIQ-4002": errors.CommandTimedOut(100, was_sent=True),
    "AXONIQ-4005": errors.DuplicateCommand("id"),
    "AXONIQ-1900": errors.QueueFull(10_000),
    "AXONIQ-5000": errors.NoQueryHandler("All", "default"),
    "AXONIQ-5006": errors.QueryTimedOut(100),
    "AXONIQ-5007": errors.DuplicateQuery("id"),
    "AXONIQ-1003": errors.NameMissing("command"),
}


@pytest.mark.parametrize(("code", "error"), ERRORS.items(), ids=ERRORS.keys())
def test_each_error_has_its_code_and_one_sentence(code: str, error: MessageError) -> None:
    assert error.code == code
    assert str(error).endswith(".")


def test_a_time_out_says_whether_the_outcome_is_known() -> None:
    assert "unknown" in str(errors.CommandTimedOut(1, was_sent=True))
    assert "never sent" in str(errors.CommandTimedOut(1, was_sent=False))
