"""What monitoring tools ask for: metrics, facts, and the list of such paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import FastAPI, Request, Response
from pydantic import Field

from ranvier import __version__
from ranvier.observability.metrics import CONTENT_TYPE
from ranvier.web.camel_model import CamelModel
from ranvier.web.dependencies import NodeFacts

ACTUATOR_PATHS: Final = ("health", "info", "metrics", "prometheus")

PLAIN_TEXT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
}


class LinkAnswer(CamelModel):
    """Where something is found."""

    href: str
    templated: bool = False


class LinksAnswer(CamelModel):
    """What the actuator offers."""

    links: Annotated[dict[str, LinkAnswer], Field(serialization_alias="_links")]


class AppAnswer(CamelModel):
    """The program."""

    name: str
    version: str


class NodeAnswer(CamelModel):
    """The node that runs it."""

    name: str


class InfoAnswer(CamelModel):
    """What runs here."""

    app: AppAnswer
    node: NodeAnswer


class MonitoringResource:
    """Metrics in the text format of Prometheus, and the part of Spring Boot's actuator in use."""

    def __init__(self, metrics: Callable[[], bytes], node: Callable[[], NodeFacts]) -> None:
        self._metrics = metrics
        self._node = node

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        for path in ("/metrics", "/actuator/prometheus"):
            app.get(
                path,
                tags=["monitoring"],
                summary="Metrics for Prometheus",
                response_class=Response,
                responses=PLAIN_TEXT,
            )(self.metrics)
        app.get("/actuator", tags=["monitoring"], summary="What the actuator offers")(self.links)
        app.get("/actuator/info", tags=["monitoring"], summary="Program and version")(self.info)

    async def metrics(self) -> Response:
        """Return every metric of this node."""
        return Response(self._metrics(), headers={"Content-Type": CONTENT_TYPE})

    async def links(self, request: Request) -> LinksAnswer:
        """Return links, absolute as the tools expect them."""
        here = f"{request.url.scheme}://{request.url.netloc}/actuator"
        links = {name: LinkAnswer(href=f"{here}/{name}") for name in ACTUATOR_PATHS}
        return LinksAnswer(links={"self": LinkAnswer(href=here), **links})

    async def info(self) -> InfoAnswer:
        """Return name and version of the program, and the name of the node."""
        return InfoAnswer(
            app=AppAnswer(name="Ranvier", version=__version__),
            node=NodeAnswer(name=self._node().name),
        )
