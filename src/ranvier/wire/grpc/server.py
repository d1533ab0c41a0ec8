"""The gRPC server: methods by their paths, listening sockets, health, and an orderly stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from ranvier.wire.flush import Flusher
from ranvier.wire.grpc.health import HEALTH_SERVICE, Health
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.methods import Method
from ranvier.wire.grpc.reflection import reflection_services
from ranvier.wire.grpc.server_call import Admit, ServerCall
from ranvier.wire.grpc.server_link import STOPPING, Offer, ServerLink
from ranvier.wire.link import Link
from ranvier.wire.listener import Listener
from ranvier.wire.tls import TlsFiles


class GrpcServer:
    """Serves methods on any number of addresses, in the event loop in which it listens.

    `grpc.health.v1` and both versions of server reflection are offered from the start.
    """

    def __init__(
        self,
        limits: GrpcLimits | None = None,
        *,
        admit: Admit | None = None,
        guard_of: Callable[[str], Admit | None] | None = None,
    ) -> None:
        """Keep these limits; `admit` may refuse any call by raising GrpcError.

        `guard_of` returns what looks, after that, at the calls of a path's method; mostly None.
        """
        self.health = Health()
        """What health checks are told of each service."""
        self._limits = limits or GrpcLimits()
        self._admit = admit
        self._guard_of = guard_of
        self._methods: dict[bytes, Method] = {}
        self._services: set[str] = set()
        self._listeners: list[Listener] = []
        self._tasks: set[object] = set()
        self._offer: Offer | None = None
        self.add_service(HEALTH_SERVICE, self.health.methods())
        for name, methods in reflection_services(self._services).items():
            self.add_service(name, methods)

    def add(self, path: str, method: Method) -> None:
        """Offer a method under its full name, as in `/package.Service/Method`."""
        guard = None if self._guard_of is None else self._guard_of(path)
        # Asked once for a method, not for each call: a command takes 0.1 µs less.
        if guard is not None:
            method.guard = guard
        self._methods[path.encode()] = method
        self._services.add(path.strip("/").rpartition("/")[0])

    def add_service(self, name: str, methods: Mapping[str, Method]) -> None:
        """Offer the methods of a service under their short names."""
        for method_name, method in methods.items():
            self.add(f"/{name}/{method_name}", method)

    async def listen(self, host: str, port: int, tls: TlsFiles | None = None) -> int:
        """Accept connections on one more address; return the port, also where 0 was asked for."""
        if self._offer is None:
            self._offer = Offer(
                methods=self._methods,
                limits=self._limits,
                admit=self._admit,
                flusher=Flusher(asyncio.get_running_loop()),
                tasks=self._tasks,
            )
        offer = self._offer
        listener = Listener(self._limits.connection, lambda accepted: ServerLink(offer, accepted))
        bound = await listener.open(host, port, tls)
        self._listeners.append(listener)
        return bound

    def paths(self) -> frozenset[str]:
        """Return the full names of all methods that are offered."""
        return frozenset(path.decode() for path in self._methods)

    def links(self) -> list[Link]:
        """Return the connections that are open now."""
        return [link for listener in self._listeners for link in listener.links]

    @property
    def connection_count(self) -> int:
        """Connections that are open now."""
        return sum(len(listener.links) for listener in self._listeners)

    def calls(self) -> list[ServerCall]:
        """Return the calls that run now, of all connections."""
        return [
            call for link in self.links() if isinstance(link, ServerLink) for call in link.calls()
        ]

    def send_away(self) -> None:
        """Take no new calls on the connections that are open; new connections are welcome."""
        for link in self.links():
            link.drain()

    async def stop(self, grace_seconds: float) -> None:
        """Take no new calls, let those that run end within the grace, then cut them."""
        self.health.shut_down()
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.close()
            for link in list(listener.links):
                link.drain()
        try:
            async with asyncio.timeout(grace_seconds):
                await wait_until_empty(listeners)
        except TimeoutError:
            cut_links(listeners)
            await wait_until_empty(listeners)


async def wait_until_empty(listeners: list[Listener]) -> None:
    """Wait until every connection has ended."""
    for listener in listeners:
        await listener.wait_until_empty()


def cut_links(listeners: list[Listener]) -> None:
    """End all calls by UNAVAILABLE and close their connections."""
    for listener in listeners:
        for link in list(listener.links):
            if isinstance(link, ServerLink):
                link.cut_calls(STOPPING)
            link.cut("the server is stopping")
