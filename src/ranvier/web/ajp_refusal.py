"""How a web server is told that its request was not let in, before any resource saw it."""

from __future__ import annotations

from ranvier.web.errors import (
    ForwardedRequestMalformed,
    ForwardedRequestTooLarge,
    WebError,
    WebServerNotAdmitted,
)
from ranvier.web.problem import MEDIA_TYPE, problem_body
from ranvier.web.security_headers import NOT_STORED, SECURITY_HEADERS
from ranvier.wire.ajp.errors import RequestRefused
from ranvier.wire.ajp.link import Refusal


def ajp_refusal(refused: RequestRefused) -> Refusal:
    """Return the headers and the body of the problem that tells of a refusal."""
    body = problem_body(told_as(refused))
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body))]
    return [*headers, *SECURITY_HEADERS, NOT_STORED], body


def told_as(refused: RequestRefused) -> WebError:
    """Return the error that a user is told."""
    if refused.status == WebServerNotAdmitted.status:
        return WebServerNotAdmitted(str(refused))
    if refused.status == ForwardedRequestTooLarge.status:
        return ForwardedRequestTooLarge(str(refused))
    return ForwardedRequestMalformed(str(refused))
