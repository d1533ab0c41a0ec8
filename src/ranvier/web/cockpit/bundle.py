"""The bundled style sheet and scripts, if `make pages` has made them; pages work without."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.responses import FileResponse

from ranvier.web.errors import NothingHere

DIRECTORY: Final = Path(__file__).parents[1] / "static" / "bundle"
LIST: Final = "bundle.json"
"""Names the files of the bundle: `{"styles": [name…], "scripts": [name…], "files": [name…]}`."""

KEPT_FOR_EVER: Final = "public, max-age=31536000, immutable"
"""A name holds the hash of its content: what changes gets another name."""

MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".txt": "text/plain"}
PACKED: Final = (("br", ".br"), ("gzip", ".gz"))


@dataclass(frozen=True, slots=True)
class Bundle:
    """The names of the files; empty where nothing was bundled."""

    directory: Path = DIRECTORY
    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    """Everything that may be asked for, with its packed forms."""

    def __bool__(self) -> bool:
        """Tell whether there is a bundle."""
        return bool(self.styles)


def found_bundle(directory: Path = DIRECTORY) -> Bundle:
    """Return the bundle; one that is damaged counts as none."""
    try:
        said = json.loads((directory / LIST).read_text("utf-8"))
        styles, scripts, files = (
            tuple(map(str, said[key])) for key in ("styles", "scripts", "files")
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Bundle()
    known = {name: directory / name for name in files if (directory / name).is_file()}
    if not {*styles, *scripts} <= known.keys():
        return Bundle()
    return Bundle(directory, styles, scripts, known)


class BundleResource:
    """Serves the files of the bundle and nothing else, packed where the browser takes it so."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def add_to(self, app: FastAPI) -> None:
        """Offer the files; they are no part of the API."""
        app.get("/static/bundle/{name}", include_in_schema=False)(self.file)

    async def file(self, name: str, request: Request) -> Response:
        """Return a file, which the browser never has to ask for again."""
        path = self._bundle.files.get(name)
        media_type = MEDIA_TYPES.get(Path(name).suffix)
        if path is None or media_type is None:
            raise NothingHere
        headers = {"Cache-Control": KEPT_FOR_EVER, "Vary": "Accept-Encoding"}
        taken = request.headers.get("accept-encoding", "")
        for encoding, suffix in PACKED:
            packed = self._bundle.files.get(name + suffix)
            if packed is not None and encoding in taken:
                headers["Content-Encoding"] = encoding
                return FileResponse(packed, headers=headers, media_type=media_type)
        return FileResponse(path, headers=headers, media_type=media_type)
