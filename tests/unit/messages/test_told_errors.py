"""Errors that another node has told."""

from __future__ import annotations

import pytest

from ranvier.messages.errors import (
    CommandHandlerLost,
    CommandTimedOut,
    DuplicateCommand,
    DuplicateQuery,
    MessageError,
    NoQueryHandler,
    QueryHandlerLost,
    QueryTimedOut,
    QueueFull,
)
from ranvier.messages.told_errors import COMMAND_ERRORS, QUERY_ERRORS, Kinds, told_error


@pytest.mark.parametrize(
    ("error", "kinds"),
    [
        (NoQueryHandler("Find", "default"), QUERY_ERRORS),
        (QueryTimedOut(5_000), QUERY_ERRORS),
        (DuplicateQuery("q-1"), QUERY_ERRORS),
        (QueryHandlerLost("client-1"), QUERY_ERRORS),
        (QueueFull(10), QUERY_ERRORS),
        (CommandHandlerLost("client-1"), COMMAND_ERRORS),
        (CommandTimedOut(5_000, was_sent=True), COMMAND_ERRORS),
        (DuplicateCommand("c-1"), COMMAND_ERRORS),
        (QueueFull(10), COMMAND_ERRORS),
    ],
)
def test_an_error_comes_back_as_it_was(error: MessageError, kinds: Kinds) -> None:
    told = told_error(error.code, str(error), kinds)
    assert type(told) is type(error)
    assert (str(told), told.retry_may_help) == (str(error), error.retry_may_help)


def test_a_code_that_no_kind_has_is_none() -> None:
    assert told_error("RANVIER-STOPPING", "The node is stopping.", QUERY_ERRORS) is None
