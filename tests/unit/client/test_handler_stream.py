"""Permits: whatever comes in whatever order, the server never holds more than the first grant."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from ranvier.client.command_dialect import CommandDialect, Inbound, Outbound
from ranvier.client.handler_stream import HandlerStream
from ranvier.client.settings import ClientIdentity
from ranvier.proto import command_pb2
from ranvier.wire.grpc.outgoing_call import OutgoingCall


class Call:
    """Keeps what a stream sends."""

    is_done = False
    queued_bytes = 0
    message_bytes_max = 4_096

    def __init__(self) -> None:
        self.granted = 0

    def send(self, message: bytes) -> None:
        self.granted += Outbound.FromString(message).flow_control.permits


COMMAND = Inbound(command=command_pb2.Command(name="x")).SerializeToString()


@given(permits=st.integers(1, 40), steps=st.lists(st.booleans(), max_size=200))
def test_permits_are_neither_overdrawn_nor_hoarded(permits: int, steps: list[bool]) -> None:
    taken: list[Any] = []

    def receive(stream: HandlerStream, kind: str, message: Any) -> None:
        stream.taken()
        taken.append(message)

    call = Call()
    stream = HandlerStream(
        CommandDialect(ClientIdentity("c", "p")), permits, receive, lambda *_: None
    )
    stream.opened(cast("OutgoingCall", call), [])
    sent = done = 0
    for is_command in steps:
        if is_command and sent < call.granted:
            stream.message_received(COMMAND)
            sent += 1
        elif taken:
            taken.pop()
            stream.handled()
            done += 1
        in_work = sent - done
        assert call.granted - sent + in_work <= permits
        # What is done is granted again before a further quarter is used up.
        assert call.granted - sent + in_work > permits - max(permits // 4, 1)
