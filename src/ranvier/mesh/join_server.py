"""The side of a join that is dialled: open to strangers, who get a challenge and little time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from typing import Final

from google.protobuf.message import DecodeError

from ranvier.cluster.joining.admission import Asking, ProofKind
from ranvier.cluster.joining.errors import TooManyJoins
from ranvier.config.host_names import is_loopback
from ranvier.errors import RanvierError
from ranvier.mesh.seldom_log import SeldomLog
from ranvier.proto.ranvier import join_pb2
from ranvier.services.admit_nodes import AdmitNodes
from ranvier.services.join_messages import NONCE_BYTES, Greeting, Welcome
from ranvier.wire.grpc.methods import Method, streaming_async
from ranvier.wire.grpc.server_call import Admit, ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode

logger = logging.getLogger("ranvier.mesh")

JOIN_SERVICE: Final = "ranvier.join.v1.Join"
JOIN_PATH: Final = f"/{JOIN_SERVICE}/Join"

TALK_SECONDS: Final = 10.0
"""For the whole conversation; a stranger who says nothing is let go."""

TALKS_MOST: Final = 64
"""Conversations at one time; each is a task and some hundred bytes."""


NAME_LENGTH: Final = 255
"""Of a node's name, and of everything else that a stranger says of himself."""


class JoinServer:
    """Offers `Join` on the internal port."""

    def __init__(self, admit: AdmitNodes, *, is_on_loopback: bool) -> None:
        self._admit = admit
        self._is_on_loopback = is_on_loopback
        self._talks = 0
        self._log = SeldomLog(logger, time.monotonic)

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by their short names."""
        return {"Join": streaming_async(self.join)}

    async def join(self, call: ServerCall, messages: AsyncIterator[bytes]) -> None:
        """Talk with one node that wants to join."""
        if self._talks >= TALKS_MOST:
            raise refusal(TooManyJoins())
        self._talks += 1
        try:
            async with asyncio.timeout(TALK_SECONDS):
                await self._talk(call, messages)
        except TimeoutError:
            raise GrpcError(StatusCode.DEADLINE_EXCEEDED, "nothing was said for long") from None
        except RanvierError as error:
            address = address_of(call.peer)
            self._log.tell(address, f"A node at {address} was refused to join: {error}")
            raise refusal(error) from error
        finally:
            self._talks -= 1

    async def _talk(self, call: ServerCall, messages: AsyncIterator[bytes]) -> None:
        said = (await next_request(messages, "greeting")).greeting
        greeting = Greeting(
            Asking(said.node_id, said.name, said.protocol, proof_kind(said.proof)),
            said.nonce,
            said.token_id,
            said.version,
            self._is_on_loopback and said.is_on_loopback and is_loopback(address_of(call.peer)),
        )
        challenge = self._admit.greet(greeting)
        asked = join_pb2.Challenge(cluster_id=challenge.cluster_id, nonce=challenge.nonce)
        await call.write(join_pb2.JoinReply(challenge=asked).SerializeToString())
        proof = (await next_request(messages, "proof")).proof
        welcome = await self._admit.admit(greeting, challenge, proof)
        name = greeting.asking.name
        logger.info("Node %s was let in.", name, extra={"action": "node.admitted"})
        await call.write(welcome_message(welcome))


def open_to_joiners(otherwise: Admit | None) -> Admit | None:
    """Return a check of calls that lets joins pass, which prove themselves on the way."""
    if otherwise is None:
        return None

    def admit(call: ServerCall) -> None:
        if call.path != JOIN_PATH:
            otherwise(call)

    return admit


async def next_request(messages: AsyncIterator[bytes], kind: str) -> join_pb2.JoinRequest:
    """Return the next message, which must be of a kind; raises INVALID_ARGUMENT."""
    try:
        request = join_pb2.JoinRequest.FromString(await anext(messages))
    except (DecodeError, StopAsyncIteration):
        raise broken(kind) from None
    if request.WhichOneof("request") != kind:
        raise broken(kind)
    if kind == "greeting" and not is_well_formed(request.greeting):
        raise broken(kind)
    return request


def is_well_formed(greeting: join_pb2.Greeting) -> bool:
    """Tell whether a greeting says who it is of, in as few words as a node needs."""
    names = (greeting.node_id, greeting.name)
    return (
        all(0 < len(name) <= NAME_LENGTH and name.isprintable() for name in names)
        and len(greeting.token_id) <= NAME_LENGTH
        and len(greeting.nonce) == NONCE_BYTES
    )


def broken(kind: str) -> GrpcError:
    """Return how something is refused that is no word of a join."""
    return GrpcError(StatusCode.INVALID_ARGUMENT, f"this is no {kind} of a node that joins")


def proof_kind(number: int) -> ProofKind:
    """Return the kind of proof; one that this program does not know is none."""
    try:
        return ProofKind(number)
    except ValueError:
        return ProofKind.NONE


def welcome_message(welcome: Welcome) -> bytes:
    """Write a welcome; the only place where what is shared leaves the node."""
    keys = {name: text.reveal() for name, text in welcome.keys.items()}
    message = join_pb2.Welcome(proof=welcome.proof, keys=keys)
    return join_pb2.JoinReply(welcome=message).SerializeToString()


def refusal(error: RanvierError) -> GrpcError:
    """Return how a node is told that it may not join."""
    return GrpcError(StatusCode.FAILED_PRECONDITION, f"[{error.code}] {error}")


def address_of(peer: str) -> str:
    """Return the address of a peer as in `192.0.2.7:50112` or `[::1]:50112`."""
    return peer.rpartition(":")[0].strip("[]")
