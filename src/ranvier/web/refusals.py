"""How what the framework and the services raise becomes a problem for the user."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ranvier.errors import RanvierError
from ranvier.web.errors import InvalidParameter, MethodNotTaken, NothingHere, UnexpectedFailure
from ranvier.web.problem import problem_response

PageOf = Callable[[Request, RanvierError], Response | None]
"""Returns the page that tells people of an error; None where programs ask."""


def add_refusals(app: FastAPI, page_of: PageOf) -> None:
    """Answer every foreseen exception by a problem or a page; `Failures` has the others."""

    async def answer(request: Request, error: Exception) -> Response:
        refusal = as_refusal(error)
        response = page_of(request, refusal) or problem_response(refusal)
        if isinstance(error, HTTPException):
            response.headers.update(error.headers or {})
        return response

    for foreseen in (RanvierError, RequestValidationError, HTTPException):
        app.add_exception_handler(foreseen, answer)


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
