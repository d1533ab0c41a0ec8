"""The description of the API: OpenAPI for programs, Swagger UI for people, both from the node."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import HTMLResponse, JSONResponse

from ranvier.web.page_templates import templates


class ApiPages:
    """Serves the description, which is built when it is first asked for."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def add_to(self, app: FastAPI) -> None:
        """Offer the description and its pages; they are no part of the API."""
        app.get("/openapi.json", include_in_schema=False)(self.description)
        for path in ("/swagger-ui.html", "/swagger-ui/index.html"):
            app.get(path, include_in_schema=False)(self.page)

    async def description(self) -> JSONResponse:
        """Return the description in OpenAPI 3.1."""
        return JSONResponse(self._app.openapi())

    async def page(self) -> HTMLResponse:
        """Return the page, whose every file comes from this node."""
        return HTMLResponse(templates.get_template("swagger.html").render())
