"""Who the nodes of a cluster are, and how they do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ranvier.cluster.node_wish import NodeWish


class NodeState(StrEnum):
    """How a node does, in the words that users see."""

    STARTING = "starting"
    RUNNING = "running"
    DRAINING = "draining"
    """It keeps what it has and takes nothing new."""
    STOPPED = "stopped"
    """It said goodbye."""
    DOWN = "down"
    """It did not."""

    @property
    def is_alive(self) -> bool:
        """Whether such a node takes part: its name and its place are taken."""
        return self not in (NodeState.STOPPED, NodeState.DOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What a node tells the others of itself; it changes only with a new incarnation.

    Hosts are those that it advertises, with their domains; ports are 0 until they are bound.
    """

    node_id: str
    """Kept in its data directory: the same id at a new address is the same node."""
    name: str
    host: str
    """What clients dial."""
    internal_host: str
    """What other nodes dial."""
    ip: str = ""
    http_port: int = 0
    grpc_port: int = 0
    internal_port: int = 0
    ajp_port: int | None = None
    """None where the node has no AJP port."""
    local_node_id: int = 0
    route: str
    """The JVM route, unlike that of any other node."""
    weight: int = 1
    version: str = ""
    os: str = ""
    python: str = ""
    incarnation: int = 0
    """A number that no other life of any node has had; 0 before the first."""
    config_revision: int = 0
    started_at_ms: int = 0
    """Milliseconds since 1970 on the node's own clock; for display only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """What a node says each time it shows that it lives."""

    node_id: str
    incarnation: int
    state: NodeState
    system_identifier: int = 0
    """Of the database as the node knows it; 0: unknown."""
    timeline: int = 0
    """The highest timeline of that database that it has heard of."""
    config_revision: int = 0
    lacks: tuple[str, ...] = ()
    """The ids of the running nodes that it has no link with, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRecord:
    """A node as it stands in the database. Nobody may conclude anything from its times."""

    member: Member
    state: NodeState
    """What the node said last, or `DOWN` where another has found it so."""
    beats: int
    """Rises with every heartbeat."""
    system_identifier: int = 0
    """Of the database that the node has told this of; its row may be a copy in another one."""
    timeline: int = 0
    lacks: tuple[str, ...] = ()
    last_seen_at_ms: int = 0
    stopped_at_ms: int | None = None
    failed_at_ms: int | None = None
    wish: NodeWish = NodeWish.NONE
    """What another node has asked of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A node as this one sees it."""

    member: Member
    state: NodeState
    is_own: bool
    lacks: tuple[str, ...] = ()
    silent_seconds: float = 0.0
    """How long its counter has been watched unchanged."""
    last_seen_at_ms: int = 0
    stopped_at_ms: int | None = None
    failed_at_ms: int | None = None
