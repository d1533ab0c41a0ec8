"""The ports by which browsers and REST clients reach a node: HTTP, and AJP with a secret."""

from __future__ import annotations

import asyncio

from ranvier.config.settings import Settings
from ranvier.node.errors import PortUnavailable
from ranvier.node.tls_files import client_tls
from ranvier.web.ajp_refusal import ajp_refusal
from ranvier.web.application import build_application
from ranvier.web.dependencies import WebDependencies
from ranvier.web.edge import Edge
from ranvier.web.http_server import HttpAddress, HttpServer
from ranvier.web.open_streams import OpenStreams
from ranvier.web.trusted_networks import TrustedNetworks
from ranvier.wire.ajp.asgi import Application
from ranvier.wire.ajp.limits import AjpLimits
from ranvier.wire.ajp.server import AjpServer


class WebPorts:
    """One application behind both; the ports are known once they listen."""

    def __init__(self, settings: Settings, dependencies: WebDependencies) -> None:
        streams = OpenStreams()
        application = build_application(dependencies, streams)
        address = HttpAddress(settings.bind, settings.http_port, client_tls(settings))
        self._settings = settings
        self._http = HttpServer(application, address, streams, edge=edge_of(settings))
        self._ajp = ajp_server(settings, application)
        self.ajp: int | None = None
        """The port of AJP; None where it is off."""

    @property
    def http(self) -> int:
        """The port of HTTP."""
        return self._http.port

    async def listen(self) -> None:
        """Listen; raises `AddressUnavailable`, `PortUnavailable` or `TlsUnusable`."""
        await self._http.start()
        if self._ajp is None:
            return
        host, port = self._settings.ajp_bind, self._settings.ajp_port
        try:
            self.ajp = await self._ajp.listen(host, port)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise PortUnavailable("ajp_port", host, port, reason) from problem

    async def stop(self, grace_seconds: float) -> None:
        """Accept nothing more, end streams, let running requests end, then cut the rest."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._http.stop(grace_seconds))
            if self._ajp is not None:
                group.create_task(self._ajp.stop(grace_seconds))


def edge_of(settings: Settings) -> Edge:
    """Return whom the HTTP port believes."""
    return Edge(
        TrustedNetworks(settings.trusted_balancers),
        settings.forwarded_headers,
        settings.proxy_protocol,
    )


def ajp_server(settings: Settings, application: Application) -> AjpServer | None:
    """Return the AJP listener of a node; None where it has no secret to ask for."""
    if settings.ajp_secret is None:
        return None
    limits = AjpLimits(packet_bytes=settings.ajp_packet_bytes)
    return AjpServer(application, settings.ajp_secret.reveal(), limits, ajp_refusal)
