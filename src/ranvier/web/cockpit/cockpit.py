"""The pages of the Cockpit, in the order of the navigation."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request, Response

from ranvier.cluster.member import NodeState
from ranvier.errors import RanvierError
from ranvier.web.cockpit import (
    clients_page,
    cluster,
    configuration_page,
    contexts_page,
    dashboard,
    sessions_page,
)
from ranvier.web.cockpit.bundle import BundleResource, found_bundle
from ranvier.web.cockpit.clients_page import ClientsPage
from ranvier.web.cockpit.cluster import ClusterPage
from ranvier.web.cockpit.configuration_form import ConfigurationForm
from ranvier.web.cockpit.configuration_page import ConfigurationPage
from ranvier.web.cockpit.context_page import ContextPage
from ranvier.web.cockpit.context_posts import ContextPosts
from ranvier.web.cockpit.contexts_page import ContextsPage
from ranvier.web.cockpit.dashboard import DashboardPage
from ranvier.web.cockpit.event_pages import EventPages
from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.live import WATCHERS_MOST, LivePages
from ranvier.web.cockpit.navigation import HOME
from ranvier.web.cockpit.node_actions import NodeActions
from ranvier.web.cockpit.node_page import ClusterNodePage
from ranvier.web.cockpit.processors_page import ProcessorsPage
from ranvier.web.cockpit.sessions_page import SessionsPage
from ranvier.web.cockpit.tail_page import TailPage
from ranvier.web.cockpit.theme import ThemeChoice
from ranvier.web.dependencies import WebDependencies
from ranvier.web.http_status import status_of
from ranvier.web.open_streams import OpenStreams

ENTRIES: Final = (
    dashboard.ENTRY,
    cluster.ENTRY,
    sessions_page.ENTRY,
    contexts_page.ENTRY,
    clients_page.ENTRY,
    configuration_page.ENTRY,
)


class Cockpit:
    """All pages, the frame that they stand in, and what keeps them up to date."""

    def __init__(self, dependencies: WebDependencies, streams: OpenStreams) -> None:
        """`streams` end when the node stops, and with them those of open pages."""
        bundle, of = found_bundle(), dependencies
        self.frame = frame = Frame(of, ENTRIES, bundle)
        self.live = live = LivePages(
            streams.beside(WATCHERS_MOST), of.clock, lambda: is_leaving(of)
        )
        contexts = ContextsPage(of, frame)
        self._parts = (
            BundleResource(bundle),
            live,
            DashboardPage(of, frame, live),
            ClusterPage(of, frame, live),
            ClusterNodePage(of, frame, live),
            NodeActions(of, frame),
            contexts,
            ContextPosts(of.administer_contexts, contexts),
            TailPage(of, frame, streams),
            EventPages(of, frame),
            ContextPage(of, frame),
            ClientsPage(of, frame),
            ProcessorsPage(of, frame),
            SessionsPage(of, frame),
            ConfigurationPage(of, frame, live),
            ConfigurationForm(of, frame),
            ThemeChoice(),
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


def is_leaving(of: WebDependencies) -> bool:
    """Tell whether this node sends its visitors elsewhere."""
    return any(view.is_own and view.state is NodeState.DRAINING for view in of.members())
