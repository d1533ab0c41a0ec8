"""What the pages at which people get in and out look like: nothing of the node is told there."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from ranvier.errors import RanvierError
from ranvier.web.assets import OWN
from ranvier.web.cockpit.bundle import Bundle, found_bundle
from ranvier.web.cockpit.texts import LANGUAGE
from ranvier.web.cockpit.theme import theme_of
from ranvier.web.http_status import status_of
from ranvier.web.page_sessions import page_session
from ranvier.web.page_templates import templates

DOOR_SHEETS: Final = ("cockpit.css", "door.css")


class DoorPages:
    """Renders the templates of the folder `sign_in`."""

    def __init__(self) -> None:
        self._style_sheets = style_sheets(found_bundle())

    def render(
        self,
        request: Request,
        template: str,
        title: str,
        refusal: RanvierError | None = None,
        **values: object,
    ) -> HTMLResponse:
        """Return a page with a form; with what was refused of it before, if it was."""
        page = page_session(request)
        html = templates.get_template(f"sign_in/{template}.html").render(
            title=title,
            language=LANGUAGE,
            theme=theme_of(request),
            style_sheets=self._style_sheets,
            csrf_token=page.csrf_token,
            post_key=page.new_post_key(),
            message="" if refusal is None else str(refusal),
            **values,
        )
        if refusal is None:
            return HTMLResponse(html)
        wait_seconds = getattr(refusal, "retry_after_seconds", None)
        headers = {} if wait_seconds is None else {"Retry-After": str(wait_seconds)}
        return HTMLResponse(html, status_of(refusal), headers)


def style_sheets(bundle: Bundle) -> tuple[str, ...]:
    """Return the paths of the style sheets; ours carry when they were changed."""
    own = DOOR_SHEETS if bundle else (*DOOR_SHEETS, "plain.css")
    return (
        *(f"/static/bundle/{name}" for name in bundle.styles),
        *(f"/static/{name}?v={(OWN / name).stat().st_mtime_ns:x}" for name in own),
    )
