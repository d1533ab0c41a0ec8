"""What every page of the Cockpit stands in: navigation, breadcrumb, chosen node, theme, health.

A page's template extends `cockpit/layout.html` and fills its block `content`; what it needs beside
that stands in `cockpit/parts.html`. `render` gives every template `frame`, and `link`, which keeps
the chosen node and an access token of the query in what it points to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from ranvier import __version__
from ranvier.errors import RanvierError
from ranvier.web.assets import OWN
from ranvier.web.cockpit.bundle import Bundle, found_bundle
from ranvier.web.cockpit.chosen_node import PARAMETER, chosen_node
from ranvier.web.cockpit.health_messages import HealthMessage, health_messages
from ranvier.web.cockpit.navigation import Crumb, NavigationEntry, is_within, trail
from ranvier.web.cockpit.page_state import PageState, page_state
from ranvier.web.cockpit.texts import LANGUAGE, _, _n
from ranvier.web.cockpit.theme import Theme, theme_of
from ranvier.web.dependencies import WebDependencies
from ranvier.web.page_sessions import PageSession, page_session
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
    visitor: PageSession
    nodes: Sequence[str]
    chosen: str | None
    """The name of the chosen node; None where all are shown."""
    this_node: str
    messages: Sequence[HealthMessage]
    style_sheets: Sequence[str]
    scripts: Sequence[str]
    is_bundled: bool
    path: str
    address: str
    """The path with its query."""
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
        """Return a page; `further` are the steps below its entry. Raises `UnknownNode`.

        A value `live`, the `PageState` of what is shown, has the page kept up to date.
        """
        state = page_state(request, "")
        view = self._view(request, title, further, chosen_node(request, self._of.members()))
        html = templates.get_template(template).render(
            {"live": None} | values,
            frame=view,
            link=state.link,
            messages=view.messages,
            post_key=view.visitor.new_post_key,
        )
        return HTMLResponse(html)

    def parts(
        self, state: PageState, part_templates: Mapping[str, str], values: Mapping[str, object]
    ) -> Mapping[str, str]:
        """Return the parts of a page that are kept up to date, each from its own template."""
        shared = {**values, "link": state.link, "messages": health_messages(self._of)}
        wanted = {"health": "cockpit/health_pill.html", **part_templates}
        return {name: templates.get_template(each).render(shared) for name, each in wanted.items()}

    def refused(self, request: Request, error: RanvierError, status: int) -> HTMLResponse:
        """Return the page that tells of an error, whatever else is wrong with the request."""
        view = self._view(request, _("That could not be done"), (), chosen=None)
        html = templates.get_template("cockpit/refused.html").render(
            live=None,
            frame=view,
            link=PageState("").link,
            messages=view.messages,
            post_key=view.visitor.new_post_key,
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
            visitor=page_session(request),
            nodes=[view.member.name for view in self._of.members()],
            chosen=chosen,
            this_node=self._of.node().name,
            messages=health_messages(self._of),
            style_sheets=self._style_sheets,
            scripts=self._scripts,
            is_bundled=bool(self._bundle),
            path=path,
            address=path + (f"?{request.url.query}" if request.url.query else ""),
            kept=[each for each in request.query_params.multi_items() if each[0] != PARAMETER],
        )

    def _files(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the paths of style sheets and scripts; ours carry when they were changed."""
        own = OWN_SHEETS if self._bundle else (PLAIN_SHEET, *OWN_SHEETS)
        styles = [f"/static/bundle/{name}" for name in self._bundle.styles]
        styles += [f"/static/{name}?v={(OWN / name).stat().st_mtime_ns:x}" for name in own]
        return tuple(styles), tuple(f"/static/bundle/{name}" for name in self._bundle.scripts)


def link_maker(request: Request, chosen: str | None) -> Callable[..., str]:
    """Return what makes links to other pages: with the chosen node, and the token of the query."""
    others = [each for each in page_state(request, "").query if each[0] != PARAMETER]
    return PageState("", (*others, (PARAMETER, chosen or ""))).link


templates.globals.update({"_": _, "_n": _n})
