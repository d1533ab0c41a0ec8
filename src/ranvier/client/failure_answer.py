"""What a handler's exception looks like to whoever waits for its answer."""

from __future__ import annotations

from ranvier.client.errors import (
    CommandFailed,
    HubError,
    NoCommandHandler,
    NoQueryHandler,
    QueryFailed,
)
from ranvier.proto import common_pb2

TEXT_MAX = 2_000
"""Characters of a message: what a handler raises may quote its whole input."""


def failure_answer(
    problem: Exception, kind: type[HubError], location: str
) -> common_pb2.ErrorMessage:
    """Return an exception as an error in band; its `error_code` is what goes into the answer too.

    A handler chooses the code by raising CommandFailed or QueryFailed. That somebody else found no
    handler is no answer to this message, so it travels as an ordinary failure.
    """
    code = kind.code
    details: tuple[str, ...] = ()
    if isinstance(problem, (CommandFailed, QueryFailed)) and not isinstance(
        problem, (NoCommandHandler, NoQueryHandler)
    ):
        code, details = problem.code, problem.details
        text = str(problem)
    else:
        text = f"{type(problem).__name__}: {problem}"
    return common_pb2.ErrorMessage(
        message=text[:TEXT_MAX],
        location=location,
        details=details,
        error_code=code,
    )
