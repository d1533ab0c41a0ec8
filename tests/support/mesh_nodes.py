"""Nodes as far as the mesh knows them, in one process, over real sockets."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from ranvier.errors import RanvierError
from ranvier.mesh.arrived_commands import ArrivedCommands
from ranvier.mesh.limits import dialling_limits, mesh_limits
from ranvier.mesh.mesh import Mesh, MeshServices
from ranvier.mesh.mesh_links import Dialling
from ranvier.mesh.own_node import OwnNode
from ranvier.mesh.peer_link import PeerLink, RemoteHandlers
from ranvier.mesh.remote_commands import RemoteCommands
from ranvier.mesh.trust import Trust
from ranvier.proto.ranvier import mesh_pb2
from ranvier.security.secret import Secret
from ranvier.services.dispatch_across_nodes import DispatchAcrossNodes
from ranvier.services.peers import PeerAddress, PeerIdentity
from ranvier.services.topology import Kind, Registration, Topology
from ranvier.services.waiting_command import HandlerStream, WaitingCommand
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.server import GrpcServer
from ranvier.wire.tls import TlsFiles
from tests.support.command_parties import NotedCommand, NotedFigures, OnlyDefault
from tests.support.message_handlers import handler

WAIT_SECONDS = 60.0
"""Bounds a failure; nothing is slow."""

SECRET = Secret("one text for all")


class Roster:
    """The nodes that run, as membership would know them; tests change it."""

    def __init__(self) -> None:
        self.peers: dict[str, PeerAddress] = {}
        self._observers: list[Callable[[], None]] = []

    def running_peers(self) -> Sequence[PeerAddress]:
        return tuple(self.peers.values())

    def watch(self, observer: Callable[[], None]) -> Callable[[], None]:
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def enter(self, peer: PeerAddress) -> None:
        self.peers[peer.node_id] = peer
        self._tell()

    def leave(self, node_id: str) -> None:
        self.peers.pop(node_id, None)
        self._tell()

    def _tell(self) -> None:
        for observer in list(self._observers):
            observer()


@dataclass
class NotedReaders:
    """Notes what readers of contexts would hear."""

    heads: list[tuple[str, int]] = field(default_factory=list)
    looks: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def reached(self, context: str, head: int) -> None:
        self.heads.append((context, head))
        self.changed.set()

    def hurry(self) -> None:
        self.looks += 1
        self.changed.set()


class Heard:
    """Keeps what other nodes have told of their handlers."""

    def __init__(self) -> None:
        self.registrations: dict[tuple[str, int, str, str], Registration] = {}
        self.changed = asyncio.Event()

    def open(self, link: PeerLink) -> RemoteHandlers:
        return HeardOnLink(link.peer.name, self)

    def of(self, name: str) -> Registration:
        return next(each for each in self.registrations.values() if each.name == name)

    def has(self, name: str) -> bool:
        return any(each.name == name for each in self.registrations.values())

    async def until(self, is_true: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not is_true():
                self.changed.clear()
                await self.changed.wait()


class HeardOnLink:
    """Takes what one node tells."""

    def __init__(self, node: str, heard: Heard) -> None:
        self._node = node
        self._heard = heard

    def added(self, handler: int, registration: Registration) -> None:
        key = (self._node, handler, registration.kind, registration.name)
        self._heard.registrations[key] = registration
        self._heard.changed.set()

    def removed(self, handler: int, kind: Kind, name: str) -> None:
        del self._heard.registrations[self._node, handler, kind, name]
        self._heard.changed.set()

    def reply_received(self, reply: mesh_pb2.LinkReply) -> None:
        assert reply

    def writable(self) -> None:
        pass

    def lost(self) -> None:
        known = self._heard.registrations
        for key in [key for key in known if key[0] == self._node]:
            del known[key]
        self._heard.changed.set()


class Said(logging.Handler):
    """What nodes said in their logs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._changed = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self._changed.set()

    async def until(self, *texts: str) -> None:
        """Wait until each of these texts was said."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not all(any(text in line for line in self.lines) for text in texts):
                self._changed.clear()
                await self._changed.wait()


@contextmanager
def listening() -> Iterator[Said]:
    """Keep what nodes say of their links while the block runs."""
    said, logger = Said(), logging.getLogger("ranvier.mesh")
    logger.addHandler(said)
    try:
        yield said
    finally:
        logger.removeHandler(said)


class NotedDispatch(DispatchAcrossNodes):
    """The service, and a signal for tests that wait until it has heard of a command."""

    def __init__(self, topology: Topology, figures: SignalledFigures) -> None:
        super().__init__(OnlyDefault(), topology, figures, time.monotonic)
        self._changed = figures.changed

    def offer(self, stream_id: str | None, command: WaitingCommand) -> None:
        super().offer(stream_id, command)
        self._changed.set()

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Wait until this is true, looked at after each command that comes or is given up."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not is_true():
                self._changed.clear()
                await self._changed.wait()


class SignalledFigures(NotedFigures):
    """Counts, and says when it has."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = asyncio.Event()

    def failed(self, context: str) -> None:
        super().failed(context)
        self.changed.set()


class ClientStream:
    """A handler's stream: keeps what it was sent, and answers it if it is told to."""

    def __init__(self, commands: DispatchAcrossNodes) -> None:
        self.sent: list[str] = []
        self.answers = True
        self.stream: HandlerStream | None = None
        self.changed = asyncio.Event()
        self._commands = commands

    def send_command(self, message: bytes, command: WaitingCommand) -> bool:
        self.sent.append(command.message_id)
        self.changed.set()
        if self.answers:
            self.answer(command.message_id, b"answer to " + message)
        return True

    def answer(self, message_id: str, response: bytes = b"answer") -> None:
        assert self.stream is not None
        self._commands.answer(self.stream, message_id, response)

    def leave(self) -> None:
        self._commands.closed(self)

    def close(self, error: RanvierError) -> None:
        assert error

    async def until_sent(self, count: int) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while len(self.sent) < count:
                self.changed.clear()
                await self.changed.wait()


class Links:
    """Notes which nodes are linked, for tests that wait for it."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.reasons: list[str] = []
        self._changed = asyncio.Event()

    def linked(self, peer: PeerIdentity) -> None:
        self.names.add(peer.name)
        self._changed.set()

    def lost(self, peer: PeerIdentity, reason: str) -> None:
        self.names.discard(peer.name)
        self.reasons.append(reason)
        self._changed.set()

    async def until(self, *names: str) -> None:
        """Wait until exactly these are linked."""
        async with asyncio.timeout(WAIT_SECONDS):
            while self.names != set(names):
                self._changed.clear()
                await self._changed.wait()


class MeshNode:
    """One node: a topology, readers, the internal port and the links."""

    def __init__(
        self,
        name: str,
        roster: Roster,
        *,
        secret: Secret | None = SECRET,
        tls: TlsFiles | None = None,
        is_on_loopback: bool = True,
        longest_bytes: int = 4 * 1024 * 1024,
    ) -> None:
        """`longest_bytes` is what its clients may be sent."""
        self.name = name
        self.longest_bytes = longest_bytes
        self.roster = roster
        self.topology = Topology()
        self.figures = SignalledFigures()
        self.commands = NotedDispatch(self.topology, self.figures)
        self.readers = NotedReaders()
        self.heard = Heard()
        self.tls = tls
        identity = PeerIdentity(f"id-{name}", name, 1)
        own = OwnNode(
            lambda: identity,
            Trust(lambda: secret, is_on_loopback=is_on_loopback),
            "1.0",
            lambda: os.urandom(32),
        )
        limits = mesh_limits(GrpcLimits())
        dialling = Dialling(dialling_limits(GrpcLimits()), tls)
        self.mesh = Mesh(own, dialling, roster, self.services())
        self.grpc = GrpcServer(limits, admit=self.mesh.server.admission(None))
        self.mesh.add_to(self.grpc)
        self.links = Links()
        self.mesh.watch(self.links)
        self.port = 0

    def services(self) -> MeshServices:
        return MeshServices(
            self.topology,
            self.readers,
            (self._open_commands, self.heard.open),
            lambda table, session: ArrivedCommands(
                self.commands, table, session, self.longest_bytes
            ),
        )

    def _open_commands(self, link: PeerLink) -> RemoteCommands:
        return RemoteCommands(self.commands, link, time.monotonic)

    def handle(self, number: int | str, *names: str, permits: int = 100) -> ClientStream:
        """Let a handler join this node, subscribe to these names and grant permits."""
        client = ClientStream(self.commands)
        self.commands.opened("default", client)
        client.stream = self.commands.join(handler(number), client)
        for name in names:
            self.commands.subscribe(client.stream, name, 100)
        if permits:
            self.commands.grant(client.stream, permits)
        return client

    def dispatch(self, command: NotedCommand) -> NotedCommand:
        self.commands.dispatch(command)
        return command

    def knows(self, name: str, count: int = 1) -> bool:
        """Tell whether this node knows so many handlers of a name, wherever they are."""
        known = [each for each in self.topology.registrations() if each.name == name]
        return len(known) == count

    @property
    def address(self) -> PeerAddress:
        return PeerAddress(f"id-{self.name}", self.name, "127.0.0.1", self.port)

    async def start(self) -> None:
        self.port = await self.grpc.listen("127.0.0.1", 0, self.tls)
        self.roster.enter(self.address)
        await self.mesh.start()

    async def stop(self) -> None:
        self.roster.leave(f"id-{self.name}")
        self.mesh.withdraw()
        await self.commands.stop()
        await self.mesh.stop()
        await self.grpc.stop(0)


@asynccontextmanager
async def running(*nodes: MeshNode) -> AsyncIterator[None]:
    """Run the nodes while the block runs."""
    try:
        for node in nodes:
            await node.start()
        yield
    finally:
        for node in nodes:
            await node.stop()


async def linked(*nodes: MeshNode) -> None:
    """Wait until each of the nodes has a link to each other one."""
    names = {node.name for node in nodes}
    for node in nodes:
        await node.links.until(*(names - {node.name}))
