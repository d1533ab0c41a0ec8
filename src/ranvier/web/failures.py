"""The last net: a defect is logged with all there is to know, and told in one sentence."""

from __future__ import annotations

import logging

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ranvier.errors import RanvierError
from ranvier.web.errors import UnexpectedFailure
from ranvier.web.problem import problem_response

logger = logging.getLogger("ranvier.web")


class Failures:
    """Turns whatever the application inside raises into a problem, if nothing was sent yet."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        has_started = False

        async def send_watched(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        except ClientDisconnect:
            return
        except Exception as error:
            if not isinstance(error, RanvierError):
                logger.exception("%s %s failed", scope.get("method"), scope.get("path"))
                error = UnexpectedFailure()
            if has_started:
                raise
            await problem_response(error)(scope, receive, send)
