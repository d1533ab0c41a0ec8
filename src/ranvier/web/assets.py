"""The files that pages are made of: our own, and Swagger UI's from its installed package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.responses import FileResponse

from ranvier.web.errors import NothingHere

OWN: Final = Path(__file__).parent / "static"
KEPT: Final = "public, max-age=3600"
"""An hour in the browser; after it one small question whether the file has changed."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that all may read."""

    path: Path
    media_type: str


def swagger_ui_directory() -> Path:
    """Return where the package with Swagger UI keeps its files; it is not imported for that."""
    package = find_spec("fastapi_offline")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("fastapi_offline, which brings Swagger UI, is not installed")
    return Path(package.origin).parent / "static"


def known_assets() -> Mapping[str, Asset]:
    """Return every asset by its name; nothing else in their directories can be asked for."""
    swagger = swagger_ui_directory()
    return {
        "cockpit.css": Asset(OWN / "cockpit.css", "text/css"),
        "cockpit-lists.css": Asset(OWN / "cockpit-lists.css", "text/css"),
        "door.css": Asset(OWN / "door.css", "text/css"),
        "plain.css": Asset(OWN / "plain.css", "text/css"),
        "node.css": Asset(OWN / "node.css", "text/css"),
        "icon.svg": Asset(OWN / "icon.svg", "image/svg+xml"),
        "swagger-start.js": Asset(OWN / "swagger-start.js", "text/javascript"),
        "swagger-ui-bundle.js": Asset(swagger / "swagger-ui-bundle.js", "text/javascript"),
        "swagger-ui.css": Asset(swagger / "swagger-ui.css", "text/css"),
    }


class AssetsResource:
    """Serves the known assets and nothing else."""

    def __init__(self) -> None:
        self._assets = known_assets()

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource; they are no part of the API."""
        app.get("/static/{name}", include_in_schema=False)(self.asset)
        app.get("/favicon.ico", include_in_schema=False)(self.icon)

    async def asset(self, name: str, request: Request) -> Response:
        """Return a file, or say that the browser's own copy is still good."""
        asset = self._assets.get(name)
        if asset is None:
            raise NothingHere
        status = asset.path.stat()
        tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        headers = {"Cache-Control": KEPT, "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return FileResponse(
            asset.path, headers=headers, media_type=asset.media_type, stat_result=status
        )

    async def icon(self, request: Request) -> Response:
        """Return the icon under the name that browsers ask for by themselves."""
        return await self.asset("icon.svg", request)
