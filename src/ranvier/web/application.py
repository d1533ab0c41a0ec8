"""The HTTP application of a node, put together from its resources."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware import Middleware

from ranvier.web.access import AccessControl, Gate
from ranvier.web.account_page import AccountPage
from ranvier.web.actuator_metrics import ActuatorMetricsResource
from ranvier.web.api_pages import ApiPages
from ranvier.web.assets import AssetsResource
from ranvier.web.cluster_configuration import ClusterConfigurationResource
from ranvier.web.cluster_nodes import ClusterNodesResource
from ranvier.web.cockpit.cockpit import Cockpit
from ranvier.web.cockpit.frame import Frame
from ranvier.web.commands import CommandsResource
from ranvier.web.components import ComponentsResource
from ranvier.web.contexts import ContextsResource
from ranvier.web.counted_requests import CountedRequests
from ranvier.web.dcb_events import DcbEventsResource
from ranvier.web.dependencies import WebDependencies
from ranvier.web.events import EventsResource
from ranvier.web.failures import Failures
from ranvier.web.head_requests import HeadRequests
from ranvier.web.health import HealthResource
from ranvier.web.internal import InternalResource
from ranvier.web.joining import JoiningResource
from ranvier.web.monitoring import MonitoringResource
from ranvier.web.node_drains import NodeDrainsResource
from ranvier.web.node_page import NodePage
from ranvier.web.open_streams import OpenStreams
from ranvier.web.openapi import REFUSED, DescribedApi
from ranvier.web.page_sessions import PageSessions
from ranvier.web.posted_messages import PostingRules
from ranvier.web.processors import ProcessorsResource
from ranvier.web.public import PublicResource
from ranvier.web.queries import QueriesResource
from ranvier.web.refusals import add_refusals
from ranvier.web.request_bodies import BodyLimits, RequestBodies
from ranvier.web.search import SearchResource
from ranvier.web.security_headers import SecurityHeaders
from ranvier.web.sessions import SessionsResource
from ranvier.web.sign_in_pages import SignInPages
from ranvier.web.snapshots import SnapshotsResource
from ranvier.web.users import UsersResource


def build_application(
    dependencies: WebDependencies, streams: OpenStreams, limits: BodyLimits | None = None
) -> FastAPI:
    """Return the application; `streams` is what the server ends when the node stops."""
    app = DescribedApi(
        title="Ranvier",
        # Ours stand in `api_pages`: the stock pages ask hosts that are not this node.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # A redirect would repeat the host that the request claims.
        redirect_slashes=False,
        responses=REFUSED,
        middleware=guards(dependencies, limits or BodyLimits()),
    )
    cockpit = Cockpit(dependencies, streams)
    add_refusals(app, cockpit.refusal)
    add_resources(app, dependencies, streams)
    cockpit.add_to(app)
    add_doors(app, dependencies, cockpit.frame)
    AssetsResource().add_to(app)
    return app


def guards(dependencies: WebDependencies, limits: BodyLimits) -> list[Middleware]:
    """Return what every request passes on its way in, the outermost first."""
    gate = Gate(dependencies.access_token, dependencies.token_refused, dependencies.page_sessions)
    return [
        Middleware(CountedRequests, dependencies.request_came),
        Middleware(SecurityHeaders),
        Middleware(Failures),
        Middleware(HeadRequests),
        Middleware(PageSessions, dependencies.page_sessions),
        Middleware(AccessControl, gate),
        Middleware(RequestBodies, limits),
    ]


def add_doors(app: FastAPI, dependencies: WebDependencies, frame: Frame) -> None:
    """Offer what people sign in and out with, and the users themselves."""
    users, parts = dependencies.users, dependencies.page_sessions

    def has_access_control() -> bool:
        return dependencies.access_token() is not None

    SignInPages(users, parts.sessions, has_access_control=has_access_control).add_to(app)
    UsersResource(users, parts, has_access_control=has_access_control).add_to(app)
    AccountPage(users, parts.sessions, frame).add_to(app)


def add_resources(app: FastAPI, dependencies: WebDependencies, streams: OpenStreams) -> None:
    """Offer every resource, in the order in which they are described."""
    rules = PostingRules(
        dependencies.time_ms, dependencies.new_message_id, dependencies.message_bytes
    )
    EventsResource(dependencies, rules, streams).add_to(app)
    DcbEventsResource(dependencies, rules, streams).add_to(app)
    SnapshotsResource(dependencies, rules).add_to(app)
    SearchResource(dependencies, streams).add_to(app)
    CommandsResource(dependencies, rules).add_to(app)
    QueriesResource(dependencies, rules).add_to(app)
    PublicResource(
        dependencies,
        has_access_control=lambda: dependencies.access_token() is not None,
    ).add_to(app)
    ClusterNodesResource(dependencies).add_to(app)
    ClusterConfigurationResource(dependencies.configuration).add_to(app)
    ContextsResource(dependencies.administer_contexts).add_to(app)
    JoiningResource(
        dependencies.administer_cluster,
        has_access_control=lambda: dependencies.access_token() is not None,
    ).add_to(app)
    SessionsResource(dependencies.page_sessions.sessions).add_to(app)
    NodeDrainsResource(dependencies.drains).add_to(app)
    ProcessorsResource(dependencies.processors).add_to(app)
    ComponentsResource(
        dependencies.cluster_clients, dependencies.topology, dependencies.node
    ).add_to(app)
    HealthResource(dependencies.health).add_to(app)
    MonitoringResource(dependencies.metrics, dependencies.node).add_to(app)
    ActuatorMetricsResource(dependencies.measurements).add_to(app)
    InternalResource(dependencies.contexts).add_to(app)
    NodePage(dependencies).add_to(app)
    ApiPages(app, dependencies.page_sessions).add_to(app)
