"""The side of a join that dials."""

from __future__ import annotations

import re
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from ranvier.cluster.joining.errors import AnswerNotUnderstood, JoinRefused, NobodyAnswers
from ranvier.mesh.join_server import JOIN_PATH
from ranvier.proto.ranvier import join_pb2
from ranvier.security.secret import Secret
from ranvier.services.join_messages import Challenge, Greeting, Place, Welcome
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.client_call import ClientCall
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.tls import TlsFiles


@dataclass(frozen=True, slots=True)
class MeshDoors:
    """Dials the internal ports of other nodes."""

    tls: TlsFiles | None
    limits: GrpcLimits

    async def knock(self, place: Place) -> MeshDoor:
        """Dial a node; raises `NobodyAnswers`."""
        try:
            channel = await Channel.connect(
                place.host, place.port, tls=self.tls, limits=self.limits
            )
        except GrpcError as error:
            raise NobodyAnswers(str(place), reason_of(error, place)) from error
        return MeshDoor(channel, place)


class MeshDoor:
    """One conversation, on a connection of its own."""

    def __init__(self, channel: Channel, place: Place) -> None:
        self._channel = channel
        self._place = place
        self._call: ClientCall = channel.stream(JOIN_PATH)

    async def greet(self, greeting: Greeting) -> Challenge:
        """Say who wants to join; raises a `JoinRefused`."""
        asking = greeting.asking
        said = join_pb2.Greeting(
            protocol=asking.protocol,
            node_id=asking.node_id,
            name=asking.name,
            version=greeting.version,
            nonce=greeting.nonce,
            proof=join_pb2.Greeting.Proof.Name(asking.proof.value),
            token_id=greeting.token_id,
            is_on_loopback=greeting.is_one_machine,
        )
        reply = await self._ask(join_pb2.JoinRequest(greeting=said), "challenge")
        return Challenge(reply.challenge.cluster_id, reply.challenge.nonce)

    async def prove(self, proof: bytes) -> Welcome:
        """Bring the proof; raises a `JoinRefused`."""
        reply = await self._ask(join_pb2.JoinRequest(proof=proof), "welcome")
        keys = {name: Secret(text) for name, text in reply.welcome.keys.items()}
        return Welcome(reply.welcome.proof, keys)

    async def close(self) -> None:
        """End the conversation."""
        self._call.cancel()
        await self._channel.close()

    async def _ask(self, request: join_pb2.JoinRequest, kind: str) -> join_pb2.JoinReply:
        try:
            await self._call.write(request.SerializeToString())
            message = await self._call.read()
        except GrpcError as error:
            raise refusal_of(error, self._place) from error
        try:
            reply = join_pb2.JoinReply.FromString(message or b"")
        except DecodeError:
            raise AnswerNotUnderstood(str(self._place)) from None
        if reply.WhichOneof("reply") != kind:
            raise AnswerNotUnderstood(str(self._place))
        return reply


def refusal_of(error: GrpcError, place: Place) -> JoinRefused:
    """Return what a user is told of a call that failed: the other node's words, or ours."""
    told = re.fullmatch(r"\[([A-Z0-9-]+)\] (.+)", error.message, re.DOTALL)
    if told is not None:
        return JoinRefused.told(told[1], told[2])
    if error.status is StatusCode.UNAVAILABLE:
        return NobodyAnswers(str(place), reason_of(error, place))
    return AnswerNotUnderstood(str(place))


def reason_of(error: GrpcError, place: Place) -> str:
    """Return why nobody answers, without the place that is named already."""
    return error.message.removeprefix(f"cannot connect to {place}: ")
