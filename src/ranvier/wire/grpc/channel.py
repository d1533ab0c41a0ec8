"""The gRPC client: one connection to one server, and the calls on it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ranvier.wire.grpc.client_call import ClientCall
from ranvier.wire.grpc.client_link import ClientLink
from ranvier.wire.grpc.compression import ACCEPTED
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.metadata import header_pairs
from ranvier.wire.grpc.outgoing_call import AnswerListener, OutgoingCall
from ranvier.wire.grpc.request_head import CONTENT_TYPE
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.grpc.timeout import timeout_value
from ranvier.wire.http2.headers import HeaderPairs, ReadyBlock, ready_block
from ranvier.wire.tls import TlsFiles, client_context

MetadataMapping = Mapping[str, str | bytes]
USER_AGENT = b"grpc-python-ranvier"
HEADS_KEPT = 256
"""Header blocks kept ready: a program has fewer methods, deadlines and sets of metadata."""


class Channel:
    """Calls to one server; when its connection is lost they fail by UNAVAILABLE.

    A channel does not connect again by itself: whoever owns it knows when, and to whom.
    """

    def __init__(self, link: ClientLink, authority: str, scheme: str) -> None:
        self._link = link
        self._heads: dict[tuple[object, ...], ReadyBlock] = {}
        self._before: HeaderPairs = ((b":method", b"POST"), (b":scheme", scheme.encode()))
        self._after: HeaderPairs = (
            (b":authority", authority.encode()),
            (b"te", b"trailers"),
            (b"content-type", CONTENT_TYPE),
            (b"user-agent", USER_AGENT),
            (b"grpc-accept-encoding", ACCEPTED),
        )

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        *,
        tls: TlsFiles | None = None,
        limits: GrpcLimits | None = None,
        server_name: str | None = None,
    ) -> Channel:
        """Connect; UNAVAILABLE where no HTTP/2 server answers within the handshake time.

        `server_name` is the name that the server's certificate must bear, if it is not `host`.
        """
        limits = limits or GrpcLimits()
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            async with asyncio.timeout(limits.connection.handshake_seconds):
                link = await connected(host, port, limits, tls, server_name)
        except (OSError, TimeoutError) as problem:
            raise GrpcError(
                StatusCode.UNAVAILABLE, f"cannot connect to {authority}: {problem or 'no answer'}"
            ) from problem
        return cls(link, authority, "http" if tls is None else "https")

    @property
    def takes_calls(self) -> bool:
        """True until the connection is lost or the server says that it stops."""
        return not self._link.is_leaving.done()

    @property
    def has_room(self) -> bool:
        """True where the server takes one more call now; beyond that calls fail at once."""
        return self._link.has_room

    async def wait_for_room(self) -> None:
        """Wait until a call has ended that leaves room for one more, or the channel is lost."""
        await self._link.wait_for_room()

    async def unary(
        self,
        path: str,
        message: bytes,
        *,
        metadata: MetadataMapping | None = None,
        timeout_seconds: float | None = None,
    ) -> bytes:
        """Send one message and return the one that answers it; GrpcError if the call fails."""
        answer = SingleAnswer(asyncio.get_running_loop())
        call = self.open(path, answer, metadata=metadata, timeout_seconds=timeout_seconds)
        call.send(message, is_last=True)
        try:
            return await answer.result
        finally:
            call.cancel()

    def stream(
        self,
        path: str,
        *,
        metadata: MetadataMapping | None = None,
        timeout_seconds: float | None = None,
    ) -> ClientCall:
        """Open a call of any kind for a coroutine."""
        call = ClientCall(self._link)
        self._open(path, call.outgoing, metadata, timeout_seconds)
        return call

    def open(
        self,
        path: str,
        listener: AnswerListener,
        *,
        metadata: MetadataMapping | None = None,
        timeout_seconds: float | None = None,
    ) -> OutgoingCall:
        """Open a call of any kind whose answers go to callbacks, without a task or a future."""
        call = OutgoingCall(self._link, listener)
        self._open(path, call, metadata, timeout_seconds)
        return call

    def drain(self) -> None:
        """Take no new calls, and close once those that run have ended."""
        self._link.stop_calls()
        self._link.drain()

    async def close(self) -> None:
        """Close the connection; calls that run fail by UNAVAILABLE."""
        self._link.stop_calls()
        self._link.cut("the client is done")
        await self.wait_closed()

    async def wait_leaving(self) -> None:
        """Wait until the channel takes no new calls; those that run may go on."""
        await asyncio.shield(self._link.is_leaving)

    async def wait_closed(self) -> str:
        """Wait until the connection is no more and return why."""
        return await asyncio.shield(self._link.has_ended)

    def _open(
        self,
        path: str,
        call: OutgoingCall,
        metadata: MetadataMapping | None,
        timeout_seconds: float | None,
    ) -> None:
        if timeout_seconds is not None:
            call.set_timeout(timeout_seconds)
        self._link.open(call, self._head(path, metadata, timeout_seconds))

    def _head(
        self, path: str, metadata: MetadataMapping | None, timeout_seconds: float | None
    ) -> ReadyBlock:
        """Return the header block of a call.

        Most calls look like one before them: a block that is ready saves 12 µs.
        """
        key = (path, timeout_seconds, *(metadata.items() if metadata else ()))
        head = self._heads.get(key)
        if head is None:
            headers = (*self._before, (b":path", path.encode()), *self._after)
            if timeout_seconds is not None:
                headers = (*headers, (b"grpc-timeout", timeout_value(timeout_seconds)))
            head = ready_block(headers + header_pairs(metadata or {}))
            if len(self._heads) >= HEADS_KEPT:
                self._heads.clear()
            self._heads[key] = head
        return head


class SingleAnswer:
    """The one message that a unary call waits for, as a future."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.result: asyncio.Future[bytes] = loop.create_future()
        self._messages: list[bytes] = []

    def headers_received(self, headers: HeaderPairs) -> None:
        """Do nothing."""

    def message_received(self, message: bytes) -> None:
        """Keep the message; two are enough to know that they are too many."""
        if len(self._messages) < 2:
            self._messages.append(message)

    def writable(self) -> None:
        """Do nothing."""

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:  # noqa: ARG002  # the error has them
        """Give the waiting caller his answer or error."""
        if self.result.done():
            return
        if error is None and len(self._messages) != 1:
            found = "no message" if not self._messages else "more than one message"
            error = GrpcError(StatusCode.UNIMPLEMENTED, f"the server answered with {found}")
        if error is None:
            self.result.set_result(self._messages[0])
        else:
            self.result.set_exception(error)


async def connected(
    host: str, port: int, limits: GrpcLimits, tls: TlsFiles | None, server_name: str | None
) -> ClientLink:
    """Return a link on which the server's settings have come; OSError where none is to be had."""
    context = None if tls is None else client_context(tls)
    _, link = await asyncio.get_running_loop().create_connection(
        lambda: ClientLink(limits),
        host,
        port,
        ssl=context,
        server_hostname=(server_name or host) if context is not None else None,
    )
    try:
        await link.wait_established()
    except BaseException:
        link.abort()
        raise
    return link
