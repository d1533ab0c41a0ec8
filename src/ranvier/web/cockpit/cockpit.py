"""The pages of the Cockpit, in the order of the navigation."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request, Response

from ranvier.errors import RanvierError
from ranvier.web.cockpit import clients_page, contexts_page, dashboard, sessions_page
from ranvier.web.cockpit.bundle import BundleResource, found_bundle
from ranvier.web.cockpit.clients_page import ClientsPage
from ranvier.web.cockpit.context_page import ContextPage
from ranvier.web.cockpit.context_posts import ContextPosts
from ranvier.web.cockpit.contexts_page import ContextsPage
from ranvier.web.cockpit.dashboard import DashboardPage
from ranvier.web.cockpit.event_pages import EventPages
from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.navigation import HOME
from ranvier.web.cockpit.processors_page import ProcessorsPage
from ranvier.web.cockpit.sessions_page import SessionsPage
from ranvier.web.cockpit.tail_page import TailPage
from ranvier.web.dependencies import WebDependencies
from ranvier.web.http_status import status_of
from ranvier.web.open_streams import OpenStreams

ENTRIES: Final = (
    dashboard.ENTRY,
    sessions_page.ENTRY,
    contexts_page.ENTRY,
    clients_page.ENTRY,
)


class Cockpit:
    """All pages, and the frame that they stand in."""

    def __init__(self, dependencies: WebDependencies, streams: OpenStreams) -> None:
        """`streams` is what ends pages that are kept up to date when the node stops."""
        bundle = found_bundle()
        self.frame = Frame(dependencies, ENTRIES, bundle)
        contexts = ContextsPage(dependencies, self.frame)
        self._parts = (
            BundleResource(bundle),
            DashboardPage(dependencies, self.frame),
            contexts,
            ContextPosts(dependencies.administer_contexts, contexts),
            TailPage(dependencies, self.frame, streams),
            EventPages(dependencies, self.frame),
            ContextPage(dependencies, self.frame),
            ClientsPage(dependencies, self.frame),
            ProcessorsPage(dependencies, self.frame),
            SessionsPage(dependencies, self.frame),
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
