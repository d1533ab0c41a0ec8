"""The pages of the Cockpit, in the order of the navigation."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request, Response

from ranvier.errors import RanvierError
from ranvier.web.cockpit import contexts_page, dashboard
from ranvier.web.cockpit.bundle import BundleResource, found_bundle
from ranvier.web.cockpit.context_page import ContextPage
from ranvier.web.cockpit.contexts_page import ContextsPage
from ranvier.web.cockpit.dashboard import DashboardPage
from ranvier.web.cockpit.event_pages import EventPages
from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.navigation import HOME
from ranvier.web.cockpit.tail_page import TailPage
from ranvier.web.dependencies import WebDependencies
from ranvier.web.http_status import status_of
from ranvier.web.open_streams import OpenStreams

ENTRIES: Final = (dashboard.ENTRY, contexts_page.ENTRY)


class Cockpit:
    """All pages, and the frame that they stand in."""

    def __init__(self, dependencies: WebDependencies, streams: OpenStreams) -> None:
        """`streams` is what ends pages that are kept up to date when the node stops."""
        bundle = found_bundle()
        self.frame = Frame(dependencies, ENTRIES, bundle)
        self._parts = (
            BundleResource(bundle),
            DashboardPage(dependencies, self.frame),
            ContextsPage(dependencies, self.frame),
            TailPage(dependencies, self.frame, streams),
            EventPages(dependencies, self.frame),
            ContextPage(dependencies, self.frame),
        )

    def add_to(self, app: FastAPI) -> None:
        """Offer the pages and the files that they are made of."""
        for each in self._parts:
            each.add_to(app)

    def refusal(self, request: Request, error: RanvierError) -> Response | None:
        """Return what is shown of an error on the way to a page; None on other paths."""
        path = request.url.path
        if path != HOME and not path.startswith(f"{HOME}/"):
            return None
        return self.frame.refused(request, error, status_of(error))
