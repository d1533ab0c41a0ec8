"""One connection of a gRPC server: turns requests into calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ranvier.wire.flush import Flusher
from ranvier.wire.grpc.assembly import AssemblyRoom
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.methods import Method
from ranvier.wire.grpc.request_head import HeadMemo, Refusal
from ranvier.wire.grpc.server_call import Admit, ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.http2.connection import Role
from ranvier.wire.http2.errors import ErrorCode
from ranvier.wire.http2.headers import HeaderPairs
from ranvier.wire.http2.stream import Stream, Unheard
from ranvier.wire.link import Link
from ranvier.wire.listener import Listener


@dataclass(frozen=True, slots=True)
class Offer:
    """What all connections of a server share."""

    methods: Mapping[bytes, Method]
    limits: GrpcLimits
    admit: Admit | None
    flusher: Flusher
    tasks: set[object]


class ServerLink(Link):
    """Serves the calls of one connection."""

    def __init__(self, offer: Offer, listener: Listener) -> None:
        limits = offer.limits
        super().__init__(Role.SERVER, limits.http2, limits.connection, offer.flusher)
        self.limits = limits
        self.tasks = offer.tasks
        self.room = AssemblyRoom(
            limits.assembly_bytes_per_connection, limits.assembly_waiting_per_connection
        )
        self._heads: HeadMemo[Method] = HeadMemo(offer.methods)
        self._recall = self._heads.recall
        self._admit = offer.admit
        self._listener = listener

    def opened(self) -> bool:
        """Count the connection in."""
        return self._listener.enter(self)

    def ended(self, reason: str) -> None:  # noqa: ARG002  # clients come and go
        """Count the connection off."""
        self._listener.leave(self)

    def request_received(self, stream: Stream, headers: HeaderPairs, *, end_stream: bool) -> None:
        """Open a call, or answer why there is none."""
        found = self._recall(id(headers))
        try:
            head = self._heads.read(headers) if found is None else found[1]
        except Refusal as refusal:
            stream.listener = RefusedStream(stream)
            stream.send_headers(refusal.answer, end_stream=True)
            return
        method = head.method
        stream.listener = call = method.open(self, stream, headers, head)
        if head.timeout_seconds is not None:
            call.set_timeout(head.timeout_seconds)
        admit, guard = self._admit, method.guard
        if admit is not None or guard is not None:
            try:
                if admit is not None:
                    admit(call)
                if guard is not None:
                    guard(call)
            except Exception as problem:  # whatever it raises refuses this call alone
                call.fail(problem)
                return
        call.begin(end_stream=end_stream)

    def calls(self) -> list[ServerCall]:
        """Return the calls that still run."""
        listeners = [stream.listener for stream in self.http2.open_streams()]
        return [each for each in listeners if isinstance(each, ServerCall)]

    def cut_calls(self, error: GrpcError) -> None:
        """End every call that still runs."""
        for call in self.calls():
            call.cut(error)


class RefusedStream(Unheard):
    """Lets what still comes on a refused request run into nothing."""

    __slots__ = ("_stream",)

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def data_received(self, buffer: bytes, start: int, end: int, *, end_stream: bool) -> None:  # noqa: ARG002  # nobody reads it
        """Tell whoever sends more than the rest of a short request to stop."""
        if not end_stream:
            self._stream.reset(ErrorCode.NO_ERROR)


STOPPING = GrpcError(StatusCode.UNAVAILABLE, "the server is stopping; connect again elsewhere")
