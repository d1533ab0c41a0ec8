"""Refusals as `application/problem+json` (RFC 9457), with Ranvier's stable code."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.responses import Response

from ranvier.access.errors import SignInRefused
from ranvier.errors import RanvierError
from ranvier.web.errors import AccessTokenMissing
from ranvier.web.http_status import status_of

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = "1"


def problem_response(error: RanvierError) -> Response:
    """Return what a user is told: status, code, one sentence, and the field that is wrong."""
    return Response(
        problem_body(error), status_of(error), headers=problem_headers(error), media_type=MEDIA_TYPE
    )


def problem_body(error: RanvierError) -> bytes:
    """Return the JSON of a problem; texts that are not Unicode are shown with their escapes."""
    status = status_of(error)
    field = getattr(error, "field", None)
    problem: dict[str, str | int | bool] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": error.code,
        "detail": str(error).encode("utf-8", "backslashreplace").decode(),
        "retryMayHelp": error.retry_may_help,
    }
    if field is not None:
        problem["field"] = str(field).encode("utf-8", "backslashreplace").decode()
    position = getattr(error, "position", None)
    if position is not None:
        problem["position"] = position
    return msgspec.json.encode(problem)


def problem_headers(error: RanvierError) -> Mapping[str, str]:
    """Return the headers that belong to a problem, beside its media type."""
    if isinstance(error, (AccessTokenMissing, SignInRefused)):
        # RFC 9110 section 11.6.1: a 401 names how to prove oneself.
        return {"WWW-Authenticate": 'AxonIQ-Access-Token realm="Ranvier"'}
    wait_seconds = getattr(error, "retry_after_seconds", None)
    if wait_seconds is not None:
        return {"Retry-After": str(wait_seconds)}
    if status_of(error) == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": RETRY_AFTER_SECONDS}
    return {}
