"""How what the framework and the services raise becomes a problem for the user."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ranvier.errors import RanvierError
from ranvier.web.errors import InvalidParameter, MethodNotTaken, NothingHere, UnexpectedFailure
from ranvier.web.problem import problem_response


def add_refusals(app: FastAPI) -> None:
    """Answer every foreseen exception by a problem; `Failures` has the others."""
    for foreseen in (RanvierError, RequestValidationError, HTTPException):
        app.add_exception_handler(foreseen, answer_refusal)


async def answer_refusal(_: Request, error: Exception) -> Response:
    """Answer one foreseen exception, with the headers that belong to it."""
    response = problem_response(as_refusal(error))
    if isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    return response


def as_refusal(error: Exception) -> RanvierError:
    """Return what a user is told of an exception; of several wrong parameters the first."""
    match error:
        case RanvierError():
            return error
        case RequestValidationError():
            first = error.errors()[0]
            reason = str(first["msg"])
            return InvalidParameter(str(first["loc"][-1]), f"is refused: {lower_first(reason)}")
        case HTTPException(status_code=HTTPStatus.NOT_FOUND):
            return NothingHere()
        case HTTPException(status_code=HTTPStatus.METHOD_NOT_ALLOWED):
            return MethodNotTaken()
        case _:
            return UnexpectedFailure()


def lower_first(text: str) -> str:
    """Return a sentence in the form that it has after a colon."""
    return text[:1].lower() + text[1:]
