"""Who may join a cluster: decided in part by the node that asks, in part by the one it asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from ranvier.cluster.joining.errors import (
    InOtherCluster,
    JoinRefused,
    JoinsItself,
    NameTaken,
    NodeInUse,
    NodeOnSqlite,
    OtherProtocol,
    ProofMissing,
    ProofWrong,
    TokenExpired,
    TokenUsed,
)

PROTOCOL: Final = 1
"""The only way of joining so far."""

NAMED_MOST: Final = 3
"""Contexts that a refusal names."""


class ProofKind(Enum):
    """What a node proves itself with."""

    NONE = 0
    SECRET = 1
    TOKEN = 2


class TokenState(Enum):
    """How a join token stands toward the node that brings it."""

    FRESH = "fresh"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True, slots=True)
class HeldContext:
    """A context of the node that is to join, and whether it is empty."""

    name: str
    is_empty: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """The node that is to join, as it knows itself."""

    name: str
    contexts: Sequence[HeldContext]
    cluster_id: str | None
    """The cluster that it shares a database with; None where it stands alone."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What the node that is to join tells the one in the cluster."""

    node_id: str
    name: str
    protocol: int = PROTOCOL
    proof: ProofKind = ProofKind.NONE


@dataclass(frozen=True, slots=True)
class KnownNode:
    """A node of the cluster, and whether its place is taken."""

    node_id: str
    name: str
    is_alive: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """The node in the cluster, and what it knows of the others."""

    node_id: str
    name: str
    sqlite_directory: str | None
    """Where its database lies if it is one for a single node."""
    nodes: Sequence[KnownNode] = field(default=())


@dataclass(frozen=True, slots=True)
class Offered:
    """How the proof came out that the node brought."""

    kind: ProofKind
    is_valid: bool = False
    token: TokenState = TokenState.UNKNOWN
    is_one_machine: bool = False
    """Whether both nodes listen on loopback and the connection came over it."""


def refuse_candidate(candidate: Candidate, default_context: str) -> JoinRefused | None:
    """Say why a node may not ask to join: it is in a cluster, or would leave something behind."""
    if candidate.cluster_id is not None:
        return InOtherCluster(candidate.name)
    full = sorted(each.name for each in candidate.contexts if not each.is_empty)
    others = sorted(
        each.name for each in candidate.contexts if each.is_empty and each.name != default_context
    )
    held = [*_named("events in ", full), *_named("", others)]
    return NodeInUse(candidate.name, held) if held else None


def refuse_greeting(asking: Asking, asked: Asked, *, is_one_machine: bool) -> JoinRefused | None:
    """Say why a node is sent away before it has to prove anything."""
    if asking.protocol != PROTOCOL:
        return OtherProtocol(PROTOCOL, asking.protocol)
    if asking.node_id == asked.node_id:
        return JoinsItself(asked.name)
    if asking.proof is ProofKind.NONE and not is_one_machine:
        return ProofMissing()
    return None


def refuse_proof(offered: Offered) -> JoinRefused | None:
    """Say why a proof does not do; nothing is said of the cluster to whoever brings a wrong one."""
    match offered.kind:
        case ProofKind.NONE:
            return None if offered.is_one_machine else ProofMissing()
        case ProofKind.SECRET:
            return None if offered.is_valid else ProofWrong("cluster secret")
        case ProofKind.TOKEN:
            return _refuse_token(offered)


def _refuse_token(offered: Offered) -> JoinRefused | None:
    # Whoever cannot prove that he has a token is told nothing of it.
    if offered.token is TokenState.UNKNOWN or not offered.is_valid:
        return ProofWrong("join token")
    if offered.token is TokenState.EXPIRED:
        return TokenExpired()
    return TokenUsed() if offered.token is TokenState.USED else None


def refuse_node(asking: Asking, asked: Asked) -> JoinRefused | None:
    """Say why a node that has proven itself does not fit into this cluster."""
    if asked.sqlite_directory is not None:
        return NodeOnSqlite(asked.name, asked.sqlite_directory)
    for node in asked.nodes:
        if node.name == asking.name and node.node_id != asking.node_id:
            if node.is_alive:
                return NameTaken(node.name, is_alive=True)
            if asking.proof is not ProofKind.SECRET:
                return NameTaken(node.name, is_alive=False)
    return None


def _named(before: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    word = "context" if len(names) == 1 else "contexts"
    shown = ", ".join(names[:NAMED_MOST])
    more = f" and {len(names) - NAMED_MOST} more" if len(names) > NAMED_MOST else ""
    return [f"{before}{word} {shown}{more}"]
