"""What two nodes say to each other while one of them joins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from ranvier.cluster.joining.admission import Asking
from ranvier.security.secret import Secret

NONCE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node of the cluster listens for other nodes."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Greeting:
    """The first words of the node that wants to join."""

    asking: Asking
    nonce: bytes
    token_id: str = ""
    version: str = ""
    is_one_machine: bool = False
    """What the node says of itself, and the one that it asks has found true."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the proof must be made for."""

    cluster_id: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Welcome:
    """The other side's own proof, and the keys that all nodes share, as files would have them."""

    proof: bytes
    keys: Mapping[str, Secret]


class Door(Protocol):
    """A conversation with a node of the cluster; each call raises a `JoinRefused`."""

    async def greet(self, greeting: Greeting) -> Challenge:
        """Say who wants to join."""
        ...

    async def prove(self, proof: bytes) -> Welcome:
        """Bring the proof."""
        ...

    async def close(self) -> None:
        """End the conversation."""
        ...


class Doors(Protocol):
    """The way to nodes of other clusters."""

    async def knock(self, place: Place) -> Door:
        """Dial a node; raises `NobodyAnswers`."""
        ...
