"""What every page of the Cockpit stands in: navigation, breadcrumb, chosen node, theme, health.

A page's template extends `cockpit/layout.html` and fills its block `content`; what it needs beside
that stands in `cockpit/parts.html`. `render` gives every template `frame`, and `link`, which keeps
the chosen node and an access token of the query in what it points to.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse

from ranvier import __version__
from ranvier.errors import RanvierError
from ranvier.web.access import TOKEN_NAME, query_token
from ranvier.web.assets import OWN
from ranvier.web.cockpit.bundle import Bundle, found_bundle
from ranvier.web.cockpit.chosen_node import PARAMETER, chosen_node
from ranvier.web.cockpit.health_messages import HealthMessage, health_messages
from ranvier.web.cockpit.navigation import Crumb, NavigationEntry, is_within, trail
from ranvier.web.cockpit.texts import LANGUAGE, _, _n
from ranvier.web.cockpit.theme import Theme, theme_of
from ranvier.web.cockpit.visitor import Visitor, visitor_of
from ranvier.web.dependencies import WebDependencies
from ranvier.web.page_templates import templates

OWN_SHEETS: Final = ("cockpit.css", "cockpit-lists.css")
PLAIN_SHEET: Final = "plain.css"
"""Without the bundle: a plain look for what the bundle dresses."""


@dataclass(frozen=True, slots=True)
class FrameView:
    """What the layout shows around a page."""

    title: str
    entries: Sequence[NavigationEntry]
    current: NavigationEntry | None
    trail: Sequence[Crumb]
    theme: Theme
    language: str
    visitor: Visitor
    nodes: Sequence[str]
    chosen: str | None
    """The name of the chosen node; None where all are shown."""
    this_node: str
    messages: Sequence[HealthMessage]
    style_sheets: Sequence[str]
    scripts: Sequence[str]
    is_bundled: bool
    path: str
    kept: Sequence[tuple[str, str]]
    """What of the query a form that chooses another node must send again."""
    version: str = __version__


class Frame:
    """Renders pages; `entries` are those of the navigation, in their order."""

    def __init__(
        self,
        dependencies: WebDependencies,
        entries: Sequence[NavigationEntry] = (),
        bundle: Bundle | None = None,
    ) -> None:
        self._of = dependencies
        self._entries = tuple(entries)
        self._bundle = found_bundle() if bundle is None else bundle
        self._style_sheets, self._scripts = self._files()

    def render(
        self,
        request: Request,
        template: str,
        *,
        title: str,
        further: Sequence[Crumb] = (),
        **values: object,
    ) -> HTMLResponse:
        """Return a page; `further` are the steps below its entry. Raises `UnknownNode`."""
        view = self._view(request, title, further, chosen_node(request, self._of.members()))
        html = templates.get_template(template).render(
            frame=view,
            link=link_maker(request, view.chosen),
            post_key=new_post_key,
            **values,
        )
        return HTMLResponse(html)

    def refused(self, request: Request, error: RanvierError, status: int) -> HTMLResponse:
        """Return the page that tells of an error, whatever else is wrong with the request."""
        view = self._view(request, _("That could not be done"), (), chosen=None)
        html = templates.get_template("cockpit/refused.html").render(
            frame=view,
            link=link_maker(request, None),
            post_key=new_post_key,
            sentence=str(error),
            code=error.code,
        )
        return HTMLResponse(html, status)

    def _view(
        self, request: Request, title: str, further: Sequence[Crumb], chosen: str | None
    ) -> FrameView:
        path = request.url.path
        return FrameView(
            title=title,
            entries=self._entries,
            current=next((each for each in self._entries if is_within(path, each)), None),
            trail=trail(path, self._entries, further),
            theme=theme_of(request),
            language=LANGUAGE,
            visitor=visitor_of(request),
            nodes=[view.member.name for view in self._of.members()],
            chosen=chosen,
            this_node=self._of.node().name,
            messages=health_messages(self._of),
            style_sheets=self._style_sheets,
            scripts=self._scripts,
            is_bundled=bool(self._bundle),
            path=path,
            kept=[each for each in request.query_params.multi_items() if each[0] != PARAMETER],
        )

    def _files(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the paths of style sheets and scripts; ours carry when they were changed."""
        own = OWN_SHEETS if self._bundle else (PLAIN_SHEET, *OWN_SHEETS)
        styles = [f"/static/bundle/{name}" for name in self._bundle.styles]
        styles += [f"/static/{name}?v={(OWN / name).stat().st_mtime_ns:x}" for name in own]
        return tuple(styles), tuple(f"/static/bundle/{name}" for name in self._bundle.scripts)


def new_post_key() -> str:
    """Return what tells one filled form from another: the same form sent twice counts once."""
    return secrets.token_urlsafe(16)


def link_maker(request: Request, chosen: str | None) -> Callable[..., str]:
    """Return what makes links to other pages: with the chosen node, and the token of the query."""
    token = query_token(request.scope["query_string"])
    lasting = {} if token is None else {TOKEN_NAME: token}
    if chosen is not None:
        lasting[PARAMETER] = chosen

    def link(path: str, **query: str | int | None) -> str:
        wanted = {name: value for name, value in (lasting | query).items() if value is not None}
        return f"{path}?{urlencode(wanted)}" if wanted else path

    return link


templates.globals.update({"_": _, "_n": _n})
