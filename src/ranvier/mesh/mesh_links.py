"""The side of the mesh that dials: one link to each node that runs, kept up while it does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ranvier.errors import RanvierError
from ranvier.mesh.backoff import LONGEST_SECONDS, Backoff
from ranvier.mesh.own_node import OwnNode
from ranvier.mesh.peer_link import LinkEnd, PeerLink, RemoteHandlers
from ranvier.mesh.seldom_log import SeldomLog
from ranvier.services.peers import (
    LinkObserver,
    NodeCondition,
    PeerAddress,
    PeerAddresses,
    PeerIdentity,
)
from ranvier.wire.errors import WireError
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.tls import TlsFiles

logger = logging.getLogger("ranvier.mesh")

OpenRemoteHandlers = Callable[[PeerLink], RemoteHandlers]
"""Returns who takes what a node tells on a link that was just made."""


SETTLE_SECONDS = 1.0
"""How long a node that starts waits for what the others tell of their handlers."""


def ignore(condition: NodeCondition) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Dialling:
    """How connections to other nodes are made."""

    limits: GrpcLimits
    tls: TlsFiles | None = None


class MeshLinks:
    """The links that this node has dialled, by the ids of the other nodes."""

    def __init__(
        self,
        own: OwnNode,
        dialling: Dialling,
        addresses: PeerAddresses,
        reached: Callable[[str, int], None],
        open_handlers: Sequence[OpenRemoteHandlers] = (),
    ) -> None:
        """`reached` hears how far contexts have grown; `open_handlers` are asked for each link."""
        self._own = own
        self._dialling = dialling
        self._addresses = addresses
        self._reached = reached
        self._open_handlers = open_handlers
        self._kept: dict[str, KeptLink] = {}
        self._observers: dict[object, LinkObserver] = {}
        self._end_watch: Callable[[], None] | None = None
        self._settling = asyncio.Event()
        self.hear_condition: Callable[[NodeCondition], None] = ignore
        """Called with whatever a node tells of itself."""

    async def start(self) -> None:
        """Begin to dial; nobody is waited for."""
        self._end_watch = self._addresses.watch(self.look_for_peers)
        self.look_for_peers()

    async def stop(self) -> None:
        """End all links."""
        if self._end_watch is not None:
            self._end_watch()
            self._end_watch = None
        kept, self._kept = self._kept, {}
        await asyncio.gather(*(each.stop() for each in kept.values()))

    def link_to(self, node_id: str) -> PeerLink | None:
        """Return the link to a node, for calls to it; None while there is none."""
        kept = self._kept.get(node_id)
        return None if kept is None or kept.link is None or not kept.link.is_up else kept.link

    def links(self) -> list[PeerLink]:
        """Return all links that are up."""
        found = (self.link_to(node_id) for node_id in self._kept)
        return [link for link in found if link is not None]

    def linked_peers(self) -> list[PeerIdentity]:
        """Return the nodes to which calls can be made now."""
        return [link.peer for link in self.links()]

    def lacking(self) -> list[str]:
        """Return the ids of the nodes that run and to which there is no link."""
        peers = (peer.node_id for peer in self._addresses.running_peers())
        return [
            each
            for each in peers
            if each != self._own.identity().node_id and self.link_to(each) is None
        ]

    def condition_of(self, node_id: str) -> NodeCondition | None:
        """Return what a linked node has told of itself; None where it is not linked."""
        link = self.link_to(node_id)
        return None if link is None else link.condition

    def watch(self, observer: LinkObserver) -> Callable[[], None]:
        """Tell of links that come and go from now on; return what ends it."""
        ticket = object()
        self._observers[ticket] = observer

        def cancel() -> None:
            self._observers.pop(ticket, None)

        return cancel

    async def settle(self) -> None:
        """Wait until every running node has told of its handlers, but no longer than a moment."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while not all(kept.is_settled for kept in self._kept.values()):
                    self._settling.clear()
                    await self._settling.wait()

    def was_dialled_by(self, peer: PeerIdentity) -> None:
        """Dial a node at once that was waited for: it has shown that it is there."""
        self.look_for_peers()
        kept = self._kept.get(peer.node_id)
        if kept is not None:
            kept.hurry()

    def look_for_peers(self) -> None:
        """Dial nodes that have come; give those up that have gone, once their link is lost too."""
        own_id = self._own.identity().node_id
        running = {peer.node_id: peer for peer in self._addresses.running_peers()}
        running.pop(own_id, None)
        for node_id in [each for each, kept in self._kept.items() if kept.has_given_up]:
            del self._kept[node_id]
        for node_id, address in running.items():
            kept = self._kept.get(node_id)
            if kept is None:
                self._kept[node_id] = KeptLink(address, self)
            else:
                kept.moved(address)
        for node_id, kept in self._kept.items():
            if node_id not in running:
                kept.give_up()

    # What the links that are kept need.

    async def dial(self, address: PeerAddress) -> PeerLink:
        """Return a link that has said its first word; raise GrpcError or MeshError."""
        if not address.other_host:
            return await self._dial_at(address.host, address)
        # Without a secret only the place on this machine may be dialled; with one, either.
        try:
            return await self._dial_at(address.host, address)
        except (RanvierError, WireError):
            return await self._dial_at(address.other_host, address)

    async def _dial_at(self, host: str, address: PeerAddress) -> PeerLink:
        self._own.trust.expect_place(host)
        dialling = self._dialling
        channel = await Channel.connect(
            host,
            address.port,
            tls=dialling.tls,
            limits=dialling.limits,
            server_name=address.host,
        )
        return PeerLink(channel, self._own, address, self)

    def opened(self, link: PeerLink) -> Sequence[RemoteHandlers]:
        """Take a link that stands."""
        logger.info("Node %s is linked.", link.peer.name, extra={"action": "node.linked"})
        takers = [open_handlers(link) for open_handlers in self._open_handlers]
        for observer in list(self._observers.values()):
            observer.linked(link.peer)
        return takers

    def lost(self, link: PeerLink, reason: str) -> None:
        """Tell that a link is no more."""
        logger.warning(
            "The link to node %s is lost: %s", link.peer.name, reason, extra={"action": "node.lost"}
        )
        for observer in list(self._observers.values()):
            observer.lost(link.peer, reason)

    def table_received(self) -> None:
        """Look whether all have told of their handlers."""
        self._settling.set()

    def condition_received(self, condition: NodeCondition) -> None:
        """Hand on how a node is."""
        self.hear_condition(condition)

    def reached(self, context: str, head: int) -> None:
        """Hand on that a context has grown."""
        self._reached(context, head)


class KeptLink:
    """Dials one node again and again, with pauses, for as long as it runs."""

    def __init__(self, address: PeerAddress, host: MeshLinks) -> None:
        self.link: PeerLink | None = None
        self.has_given_up = False
        """Nobody dials any more; the node may come back, then another one does."""
        self._address = address
        self._host = host
        self._backoff = Backoff(random.random)
        self._log = SeldomLog(logger, time.monotonic)
        self._hurried = asyncio.Event()
        self._is_wanted = True
        self._has_failed = False
        self._task = asyncio.get_running_loop().create_task(self._keep())

    @property
    def is_settled(self) -> bool:
        """It has told of all its handlers, or cannot be reached."""
        return self._has_failed or (self.link is not None and self.link.has_table)

    def moved(self, address: PeerAddress) -> None:
        """Dial this address from now on, at once if it is a new one."""
        self._is_wanted = True
        if address != self._address:
            self._address = address
            self.hurry()

    def hurry(self) -> None:
        """End the pause."""
        self._hurried.set()

    def give_up(self) -> None:
        """Dial no more; a link that stands is left alone."""
        self._is_wanted = False
        self.hurry()

    async def stop(self) -> None:
        """End the link."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _keep(self) -> None:
        try:
            while self._is_wanted:
                end = await self._life_whatever_happens()
                if self._is_wanted:
                    await self._pause(end)
        finally:
            self.has_given_up = True

    async def _life_whatever_happens(self) -> LinkEnd:
        """Return how a life ended; a defect costs this link, and no later one."""
        try:
            return await self._one_life()
        except Exception as error:
            logger.exception("the link to node %s has failed", self._address.name)
            reason = f"internal error: {type(error).__name__}"
            return self._failed(LinkEnd(reason, is_refused=False))

    async def _one_life(self) -> LinkEnd:
        """Dial once and return how it ended, after however long a time."""
        self._hurried.clear()
        try:
            link = await self._host.dial(self._address)
        except (RanvierError, WireError, OSError) as error:
            is_refused = isinstance(error, RanvierError)
            return self._failed(LinkEnd(str(error), is_refused=is_refused))
        try:
            return await self._while_it_stands(link)
        finally:
            self.link = None
            await link.channel.close()

    async def _while_it_stands(self, link: PeerLink) -> LinkEnd:
        self.link = link
        began_at = time.monotonic()
        end = await asyncio.shield(link.ended)
        if not link.was_up:
            return self._failed(end)
        if time.monotonic() - began_at > LONGEST_SECONDS:  # else it may go on like this
            self._backoff.succeeded()
        self._log.forget(self._address.node_id)
        self._host.lost(link, end.reason)
        return end

    def _failed(self, end: LinkEnd) -> LinkEnd:
        self._has_failed = True
        self._host.table_received()
        address = self._address
        place = f"{address.name} at {address.host}:{address.port}"
        self._log.tell(address.node_id, f"There is no link to node {place}: {end.reason}")
        return end

    async def _pause(self, end: LinkEnd) -> None:
        seconds = self._backoff.pause_seconds(is_refused=end.is_refused)
        try:
            async with asyncio.timeout(seconds):
                await self._hurried.wait()
        except TimeoutError:
            return
