"""The first messages of a link, as values."""

from __future__ import annotations

from ranvier.mesh.errors import BrokenLink, LinkToItself, OtherNode
from ranvier.mesh.proof import NONCE_BYTES, PROTOCOL, Greeting
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.peers import PeerIdentity

NAME_LENGTH_MAX = 255
"""Characters of a node's id or name."""


def greeting_of(own: PeerIdentity, nonce: bytes) -> Greeting:
    """Return what this node says of itself on one link."""
    return Greeting(own.node_id, own.name, own.incarnation, nonce)


def hello_of(own: Greeting, version: str, meant_node_id: str = "") -> mesh_pb2.Hello:
    """Return the message that says it."""
    return mesh_pb2.Hello(
        protocol=PROTOCOL,
        node_id=own.node_id,
        name=own.name,
        incarnation=own.incarnation,
        nonce=own.nonce,
        version=version,
        meant_node_id=meant_node_id,
    )


def greeting_from(hello: mesh_pb2.Hello) -> Greeting:
    """Return what the other side says of itself; raise `BrokenLink` where it says too little."""
    if len(hello.nonce) != NONCE_BYTES or not hello.node_id or hello.protocol < PROTOCOL:
        raise BrokenLink("no usable hello")
    if max(len(hello.node_id), len(hello.name)) > NAME_LENGTH_MAX:
        raise BrokenLink("a hello with an id or a name that is too long")
    return Greeting(hello.node_id, hello.name, hello.incarnation, hello.nonce)


def identity_of(greeting: Greeting) -> PeerIdentity:
    """Return who it was that greeted."""
    return PeerIdentity(greeting.node_id, greeting.name, greeting.incarnation)


def expect_meant(meant: tuple[str, str], found: Greeting, own_node_id: str) -> None:
    """Raise where not the node answers that was meant, given as id and name."""
    if found.node_id == own_node_id:
        raise LinkToItself(found.name)
    if found.node_id != meant[0]:
        raise OtherNode(meant[1], found.name)
