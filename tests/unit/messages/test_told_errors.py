"""Errors that another node has told."""

from __future__ import annotations

import pytest

from ranvier.messages.errors import (
    DuplicateQuery,
    MessageError,
    NoQueryHandler,
    QueryHandlerLost,
    QueryTimedOut,
    QueueFull,
)
from ranvier.messages.told_errors import told_error


@pytest.mark.parametrize(
    "error",
    [
        NoQueryHandler("Find", "default"),
        QueryTimedOut(5_000),
        DuplicateQuery("q-1"),
        QueryHandlerLost("client-1"),
        QueueFull(10),
    ],
)
def test_an_error_comes_back_as_it_was(error: MessageError) -> None:
    told = told_error(error.code, str(error))
    assert type(told) is type(error)
    assert (str(told), told.retry_may_help) == (str(error), error.retry_may_help)


def test_a_code_that_no_query_has_is_none() -> None:
    assert told_error("RANVIER-STOPPING", "The node is stopping.") is None
