"""The description of the API: OpenAPI for programs, Swagger UI for people, both from the node."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, JSONResponse

from ranvier.storage.errors import StorageError
from ranvier.web.page_sessions import PageSessionParts, shown_session
from ranvier.web.page_templates import templates


class ApiPages:
    """Serves the description, which is built when it is first asked for."""

    def __init__(self, app: FastAPI, page_sessions: PageSessionParts) -> None:
        self._app = app
        self._page_sessions = page_sessions

    def add_to(self, app: FastAPI) -> None:
        """Offer the description and its pages; they are no part of the API."""
        app.get("/openapi.json", include_in_schema=False)(self.description)
        for path in ("/swagger-ui.html", "/swagger-ui/index.html"):
            app.get(path, include_in_schema=False)(self.page)

    async def description(self) -> JSONResponse:
        """Return the description in OpenAPI 3.1."""
        return JSONResponse(self._app.openapi())

    async def page(self, request: Request) -> HTMLResponse:
        """Return the page, whose every file comes from this node.

        To who has signed in it gives the token with which the calls that they try may change
        something; a database that is away leaves it out.
        """
        try:
            session = await shown_session(request.scope, self._page_sessions)
        except StorageError:
            session = None
        csrf_token = "" if session is None or session.user is None else session.csrf_token
        html = templates.get_template("swagger.html").render(csrf_token=csrf_token)
        return HTMLResponse(html)
