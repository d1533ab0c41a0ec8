"""What the services know of the other nodes of their cluster; the mesh keeps these promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PeerIdentity:
    """Which node is meant, in which of its lives: each start has an incarnation of its own."""

    node_id: str
    name: str
    incarnation: int


@dataclass(frozen=True, slots=True)
class PeerAddress:
    """Where another node takes the calls of nodes."""

    node_id: str
    name: str
    host: str
    port: int
    other_host: str = ""
    """Where it may be too, if it is not at `host`."""


@dataclass(frozen=True, slots=True)
class NodeCondition:
    """How a node is, as it tells the others; what it has not told is as it stands here."""

    timeline: int = 0
    """The highest that it has seen of the shared database; 0 where it knows none."""
    lacks: tuple[str, ...] = ()
    """Ids of the running nodes that it has no link to."""
    is_ready: bool = False
    client_count: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)
    """Compared with those of clients that ask where to go."""
    system_identifier: int = 0
    """Of the shared database, which the timeline is one of; 0 where it knows none."""


class PeerAddresses(Protocol):
    """The nodes that are running, as far as this one knows."""

    def running_peers(self) -> Sequence[PeerAddress]:
        """Return the other nodes that are running now."""
        ...

    def watch(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call back after each change; return what ends it."""
        ...


class LinkObserver(Protocol):
    """Who is told when this node can reach another one, and when no longer."""

    def linked(self, peer: PeerIdentity) -> None:
        """Be told that calls to this node can be made."""

    def lost(self, peer: PeerIdentity, reason: str) -> None:
        """Be told that they cannot be any more; `linked` may follow."""


class Peers(Protocol):
    """The other nodes, for a service that tells them something or asks who is there."""

    def linked_peers(self) -> Sequence[PeerIdentity]:
        """Return the nodes to which calls can be made now."""
        ...

    def watch(self, observer: LinkObserver) -> Callable[[], None]:
        """Tell of links that come and go from now on; return what ends it."""
        ...

    def reached(self, context: str, head: int) -> None:
        """Tell all others that a context has grown to this head; some may not hear of it."""

    def tell_condition(self, condition: NodeCondition) -> None:
        """Tell all others, now and whoever comes later, how this node is."""

    def condition_of(self, node_id: str) -> NodeCondition | None:
        """Return what a linked node has told of itself; None where it is not linked."""
        ...


class NoPeers:
    """The other nodes of one that stands alone."""

    def running_peers(self) -> Sequence[PeerAddress]:
        """Return none."""
        return ()

    def linked_peers(self) -> Sequence[PeerIdentity]:
        """Return none."""
        return ()

    def watch(self, observer: object) -> Callable[[], None]:  # noqa: ARG002  # nothing happens
        """Do nothing."""
        return lambda: None

    def reached(self, context: str, head: int) -> None:
        """Do nothing."""

    def tell_condition(self, condition: NodeCondition) -> None:
        """Do nothing."""

    def condition_of(self, node_id: str) -> NodeCondition | None:  # noqa: ARG002  # there is none
        """Return None."""
        return None
