"""`grpc.health.v1`: tells callers which services can serve now."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import DecodeError

from ranvier.proto.grpc.health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from ranvier.wire.grpc.methods import Method, streaming, unary_callback
from ranvier.wire.grpc.server_call import CallListener, ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode

HEALTH_SERVICE = "grpc.health.v1.Health"
WHOLE_SERVER = ""
WATCHERS_MAX = 1_000
"""Watching calls at a time; more cannot come from balancers, only from a fault or an attack."""

ServingStatus = HealthCheckResponse.ServingStatus


class Health:
    """The status of each service; the empty name stands for the whole server and serves."""

    def __init__(self) -> None:
        self._statuses: dict[str, ServingStatus] = {WHOLE_SERVER: HealthCheckResponse.SERVING}
        self._watchers: set[HealthWatcher] = set()
        self._is_shut_down = False

    def set(self, service: str, *, serving: bool) -> None:
        """Say whether a service serves; those who watch it are told of a change."""
        if not self._is_shut_down:
            self._put(
                service, HealthCheckResponse.SERVING if serving else HealthCheckResponse.NOT_SERVING
            )

    def shut_down(self) -> None:
        """Say of every service, for good, that it does not serve, and end all watching."""
        for service in list(self._statuses):
            self._put(service, HealthCheckResponse.NOT_SERVING)
        self._is_shut_down = True
        for watcher in list(self._watchers):
            watcher.call.finish(GrpcError(StatusCode.UNAVAILABLE, "the server is stopping"))
        self._watchers.clear()

    def methods(self) -> Mapping[str, Method]:
        """Return the methods of the service."""
        return {"Check": unary_callback(self._check), "Watch": streaming(self._watch)}

    def status_of(self, service: str) -> ServingStatus:
        """Return what watchers of this service are told."""
        return self._statuses.get(service, HealthCheckResponse.SERVICE_UNKNOWN)

    def watch(self, watcher: HealthWatcher) -> None:
        """Tell this watcher of every change."""
        if len(self._watchers) >= WATCHERS_MAX or self._is_shut_down:
            raise GrpcError(StatusCode.RESOURCE_EXHAUSTED, "too many calls watch the health")
        self._watchers.add(watcher)

    def forget(self, watcher: HealthWatcher) -> None:
        """Tell this watcher nothing more."""
        self._watchers.discard(watcher)

    def _put(self, service: str, status: ServingStatus) -> None:
        if self._statuses.get(service) != status:
            self._statuses[service] = status
            for watcher in self._watchers:
                watcher.tell(service, status)

    def _check(self, call: ServerCall, message: bytes) -> None:
        service = service_in(message)
        if service not in self._statuses:
            raise GrpcError(StatusCode.NOT_FOUND, f"there is no service {service!r}")
        call.reply(answer(self._statuses[service]))

    def _watch(self, call: ServerCall) -> CallListener:
        return HealthWatcher(self, call)


class HealthWatcher:
    """One call that watches one service."""

    def __init__(self, health: Health, call: ServerCall) -> None:
        self.call = call
        self._health = health
        self._service: str | None = None

    def tell(self, service: str, status: ServingStatus) -> None:
        """Send the status, if it is that of the watched service."""
        if service == self._service:
            self.call.send(answer(status))

    def message_received(self, message: bytes) -> None:
        """Take the one request and answer with the status as it is now."""
        if self._service is not None:
            raise GrpcError(StatusCode.UNIMPLEMENTED, "Watch takes one message, not more")
        self._service = service_in(message)
        self._health.watch(self)
        self.tell(self._service, self._health.status_of(self._service))

    def half_closed(self) -> None:
        """Go on: the call lasts until the caller ends it."""
        if self._service is None:
            raise GrpcError(StatusCode.UNIMPLEMENTED, "Watch takes one message, none came")

    def writable(self) -> None:
        """Do nothing: a status is two bytes."""

    def cancelled(self) -> None:
        """Stop watching."""
        self._health.forget(self)


def service_in(message: bytes) -> str:
    """Return the service that a request names; INVALID_ARGUMENT if it cannot be read."""
    try:
        return HealthCheckRequest.FromString(message).service
    except DecodeError:
        raise GrpcError(
            StatusCode.INVALID_ARGUMENT, "the message is no grpc.health.v1.HealthCheckRequest"
        ) from None


def answer(status: ServingStatus) -> bytes:
    """Return the message that tells a status."""
    return HealthCheckResponse(status=status).SerializeToString()
