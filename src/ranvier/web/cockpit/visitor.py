"""Who looks at a page, as far as pages care."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Visitor:
    """A user who has signed in, or nobody in particular; `csrf_token` goes into every form."""

    user: str | None = None
    csrf_token: str = ""


def visitor_of(request: Request) -> Visitor:
    """Return who sends a request; without a session it is nobody in particular."""
    session = request.scope.get("ranvier.page_session")
    if session is None:
        return Visitor()
    return Visitor(session.user, session.csrf_token)
