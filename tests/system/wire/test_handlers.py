"""Handlers that fail or answer at unusual moments: their call ends, nothing else does."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.client_call import ClientCall
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.methods import streaming, unary_callback
from ranvier.wire.grpc.server import GrpcServer
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from tests.support.raw_http2 import DATA, RST_STREAM, RawPeer, grpc_message, raw_peer
from tests.support.wire_echo import path, serving

CANCEL = (8).to_bytes(4, "big")
METHOD = "/test.Odd/Method"


class Fails:
    """Raises in one of its callbacks."""

    def __init__(self, call: ServerCall, where: str) -> None:
        self._where = where
        self._call = call
        self.fail_in("open")

    def fail_in(self, where: str) -> None:
        if where == self._where:
            raise ZeroDivisionError(where)

    def message_received(self, message: bytes) -> None:
        self.fail_in("message")
        if self._where == "writable":
            self._call.send(bytes(200_000))

    def half_closed(self) -> None:
        self.fail_in("half_closed")

    def writable(self) -> None:
        self.fail_in("writable")

    def cancelled(self) -> None:
        self.fail_in("cancelled")


async def read_all(call: ClientCall) -> list[bytes]:
    return [message async for message in call]


Peer = tuple[GrpcServer, Channel]


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with serving() as (_, server, port):
        channel = await Channel.connect("127.0.0.1", port)
        yield server, channel
        assert await channel.unary(path("Unary"), b"still here") == b"still here"
        await channel.close()


@pytest.mark.parametrize("where", ["open", "message", "half_closed", "writable"])
async def test_a_listener_that_raises_ends_its_call(
    peer: Peer, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    server, channel = peer
    server.add(METHOD, streaming(lambda call: Fails(call, where)))
    call = channel.stream(METHOD)
    call.outgoing.send(b"x", is_last=True)
    with pytest.raises(GrpcError) as caught:
        await read_all(call)
    assert (caught.value.status, caught.value.message) == (StatusCode.UNKNOWN, "internal error")
    assert f"ZeroDivisionError: {where}" in caplog.text


async def test_a_listener_that_raises_when_cancelled_harms_nobody(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    server, channel = peer
    server.add(METHOD, streaming(lambda call: Fails(call, "cancelled")))
    call = channel.stream(METHOD)
    call.outgoing.send(b"x")
    call.cancel()
    assert await channel.unary(path("Unary"), b"x") == b"x"
    assert "ZeroDivisionError: cancelled" in caplog.text


async def test_a_callback_that_raises_ends_its_call(peer: Peer) -> None:
    server, channel = peer

    def raises(call: ServerCall, message: bytes) -> None:
        raise GrpcError(StatusCode.ABORTED, message.decode())

    server.add(METHOD, unary_callback(raises))
    for message in (b"short", b"long" * 20_000):
        with pytest.raises(GrpcError) as caught:
            await channel.unary(METHOD, message)
        assert caught.value.status is StatusCode.ABORTED
        assert caught.value.message.startswith(message[:100].decode())


async def test_an_answer_may_come_long_after_the_callback(peer: Peer) -> None:
    server, channel = peer
    calls: list[ServerCall] = []
    server.add(METHOD, unary_callback(lambda call, message: calls.append(call)))
    waiting = [asyncio.create_task(channel.unary(METHOD, b"x")) for _ in range(3)]
    while len(calls) < 3:
        await channel.unary(path("Unary"), b"")
    calls[2].reply(b"third")
    calls[0].send(b"first")
    calls[0].finish()
    calls[1].finish(GrpcError(StatusCode.ABORTED, "second"))
    assert await waiting[0] == b"first"
    assert await waiting[2] == b"third"
    with pytest.raises(GrpcError, match="ABORTED: second"):
        await waiting[1]


async def test_after_the_end_of_a_call_everything_is_ignored(peer: Peer) -> None:
    server, channel = peer
    calls: list[ServerCall] = []

    def twice(call: ServerCall, message: bytes) -> None:
        calls.append(call)
        for _ in range(2):
            call.reply(message)
            call.send(message)
            call.start(((b"x", b"y"),))
            call.send_framed(b"")
            call.finish(GrpcError(StatusCode.INTERNAL, "never told"))
            call.cut(GrpcError(StatusCode.INTERNAL, "never told"))

    server.add(METHOD, unary_callback(twice))
    assert await channel.unary(METHOD, b"once") == b"once"
    assert calls[0].is_done
    await calls[0].write(b"too late")


async def test_a_cancelled_callback_learns_of_it_and_may_answer_in_vain() -> None:
    cancelled = asyncio.Event()
    calls: list[ServerCall] = []

    def wait(call: ServerCall, message: bytes) -> None:
        calls.append(call)
        call.on_cancelled = cancelled.set

    async with serving() as (_, server, port), raw_peer(port) as peer:
        server.add(METHOD, unary_callback(wait))
        peer.call(1, METHOD, b"x")
        peer.send(RST_STREAM, 0, 1, CANCEL)
        await asyncio.wait_for(cancelled.wait(), 30)
        calls[0].reply(b"in vain")
        calls[0].finish()
        peer.call(3, path("Unary"), b"x")
        assert (await peer.answer(3))[1]["grpc-status"] == "0"


@pytest.mark.parametrize("method", ["Unary", "UnaryCallback"])
async def test_a_request_of_headers_alone_has_no_message(method: str) -> None:
    async with serving() as (_, _, port), raw_peer(port) as peer:
        peer.open(1, path(method), end_stream=True)
        assert (await peer.answer(1))[1]["grpc-status"] == str(int(StatusCode.UNIMPLEMENTED))


@pytest.mark.parametrize("method", ["Count", "Chat", "ChatCallback"])
async def test_a_stream_of_no_messages_is_a_stream(method: str) -> None:
    async with serving() as (_, _, port), raw_peer(port) as peer:
        peer.open(1, path(method), end_stream=True)
        assert (await peer.answer(1))[1]["grpc-status"] == "0"


async def test_a_call_that_reads_nothing_keeps_the_window_closed() -> None:
    """The caller's window closes, other calls go on; once reading resumes, all comes in order."""
    paused: list[ServerCall] = []
    seen: list[bytes] = []

    class Pauses:
        def message_received(self, message: bytes) -> None:
            seen.append(message)
            if len(seen) == 1:
                paused[0].pause_reading()

        def half_closed(self) -> None:
            paused[0].finish()

        def writable(self) -> None:
            pass

        def cancelled(self) -> None:
            pass

    def open_call(call: ServerCall) -> Pauses:
        paused.append(call)
        return Pauses()

    async with serving(GrpcLimits()) as (_, server, port):
        server.add(METHOD, streaming(open_call))
        channel = await Channel.connect("127.0.0.1", port)
        call = channel.stream(METHOD)
        messages = [bytes([number]) * 50_000 for number in range(40)]

        async def write_all() -> None:
            for message in messages:
                await call.write(message)
            call.half_close()

        writing = asyncio.create_task(write_all())
        for _ in range(200):
            await channel.unary(path("Unary"), b"x")
        assert seen == messages[:1]
        assert not writing.done()
        assert server.links()[0].http2.buffered_bytes < 1024 * 1024
        paused[0].resume_reading()
        assert await call.read() is None
        await writing
        assert seen == messages
        await channel.close()


async def test_a_deadline_header_and_the_answer_race_without_a_fault() -> None:
    async with serving() as (_, _, port), raw_peer(port) as peer:
        for number in range(50):
            stream_id = 1 + 2 * number
            peer.open(stream_id, path("Unary"), grpc_timeout=f"{number * 20}u")
            peer.send(DATA, 1, stream_id, grpc_message(b"x"))
            assert (await peer.answer(stream_id))[1]["grpc-status"] in ("0", "4")


@pytest.mark.parametrize("method", ["Unary", "UnaryCallback", "Repeat", "Chat", "ChatCallback"])
async def test_a_call_that_has_ended_leaves_nothing_to_the_collector_of_cycles(
    method: str,
) -> None:
    seen: list[weakref.ref[ServerCall]] = []
    async with serving(admit=lambda call: seen.append(weakref.ref(call))) as (_, _, port):
        channel = await Channel.connect("127.0.0.1", port)
        gc.collect()
        gc.disable()
        try:
            call = channel.stream(path(method))
            call.outgoing.send(b"1,x", is_last=True)
            assert len(await read_all(call)) == 1
            await channel.unary(path("UnaryCallback"), b"")
            assert seen[0]() is None
        finally:
            gc.enable()
        await channel.close()


class Told:
    """Notes what a listener is told; pauses at the first message if asked to."""

    def __init__(self, call: ServerCall, *, pauses: bool = False, replies: bool = True) -> None:
        self.call = call
        self.pauses = pauses
        self.replies = replies
        self.told: list[str] = []
        self.is_over = asyncio.Event()

    def message_received(self, message: bytes) -> None:
        self.told.append(message.decode())
        if self.pauses:
            self.call.pause_reading()
            asyncio.get_running_loop().call_soon(self.call.resume_reading)

    def half_closed(self) -> None:
        self.told.append("half-closed")
        if self.replies:
            self.call.reply(b"")

    def writable(self) -> None:
        """Not of interest."""

    def cancelled(self) -> None:
        self.told.append("cancelled")
        self.is_over.set()


Telling = tuple[RawPeer, list[Told]]


@asynccontextmanager
async def telling(*, pauses: bool = False, replies: bool = True) -> AsyncIterator[Telling]:
    """A server with such listeners, the listeners of its calls, and a peer that speaks frames."""
    listeners: list[Told] = []

    def opened(call: ServerCall) -> Told:
        listeners.append(Told(call, pauses=pauses, replies=replies))
        return listeners[-1]

    server = GrpcServer()
    server.add(METHOD, streaming(opened))
    port = await server.listen("127.0.0.1", 0)
    async with raw_peer(port) as peer:
        yield peer, listeners
    await server.stop(5)


async def status_of(peer: RawPeer) -> int:
    return int((await peer.answer(1))[1]["grpc-status"])


@pytest.mark.parametrize(
    "broken",
    [b"\x07\x00\x00\x00\x01x", b"\x00\x00\x00\x00\x09half"],
    ids=["a flag byte that nobody knows", "an end inside a message"],
)
async def test_a_listener_learns_that_the_wire_has_ended_its_call(broken: bytes) -> None:
    async with telling() as (peer, listeners):
        peer.open(1, METHOD)
        peer.send(DATA, 0, 1, grpc_message(b"first"))
        peer.send(DATA, 1, 1, broken)
        assert await status_of(peer) == StatusCode.INTERNAL
        await listeners[0].is_over.wait()
        assert listeners[0].told == ["first", "cancelled"]


async def test_a_pause_in_a_last_frame_that_is_one_message_keeps_the_end_back() -> None:
    async with telling(pauses=True) as (peer, listeners):
        peer.open(1, METHOD)
        peer.send(DATA, 1, 1, grpc_message(b"only"))
        assert await status_of(peer) == StatusCode.OK
        assert listeners[0].told == ["only", "half-closed"]


async def test_a_listener_learns_that_the_deadline_has_passed_after_the_half_close() -> None:
    async with telling(replies=False) as (peer, listeners):
        peer.open(1, METHOD, grpc_timeout="30m")
        peer.send(DATA, 1, 1, grpc_message(b"only"))
        assert await status_of(peer) == StatusCode.DEADLINE_EXCEEDED
        await listeners[0].is_over.wait()
        assert listeners[0].told == ["only", "half-closed", "cancelled"]
