"""What routing is told of a command: read in few steps, and the same as by reading all of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.axon.command_dispatch import CommandDispatch, error_response
from ranvier.axon.command_message import HEADS, HEADS_BELOW_BYTES, head_of
from ranvier.messages.errors import NoCommandHandler
from ranvier.proto import command_pb2, common_pb2
from ranvier.services.command_timeout import bounded_timeout_ms
from ranvier.wire.http2.headers import HeaderPairs
from tests.support.command_parties import CommandHub, NotedLink


@dataclass
class Limits:
    message_bytes_out: int = 4 * 1024 * 1024


@dataclass
class Host:
    limits: Limits = field(default_factory=Limits)


@dataclass
class NotedCall:
    """A call that keeps how it was answered."""

    headers: HeaderPairs = ()
    host: Host = field(default_factory=Host)
    on_cancelled: object = None
    replies: list[bytes] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def reply(self, message: bytes) -> None:
        self.replies.append(message)

    def finish(self, error: Exception) -> None:
        self.errors.append(error)


def dispatched(hub: CommandHub, message: bytes) -> NotedCall:
    call = NotedCall()
    service = CommandDispatch(hub.commands, lambda: "minted")

    async def dispatch() -> None:
        service.dispatch(call, message)  # type: ignore[arg-type]  # what it needs of a call

    asyncio.run(dispatch())
    return call


instructions = st.lists(
    st.one_of(
        st.builds(
            lambda text: common_pb2.ProcessingInstruction(
                key=common_pb2.ROUTING_KEY, value=common_pb2.MetaDataValue(text_value=text)
            ),
            st.text(max_size=4),
        ),
        st.builds(
            lambda key, number: common_pb2.ProcessingInstruction(
                key=key, value=common_pb2.MetaDataValue(number_value=number)
            ),
            st.sampled_from([common_pb2.PRIORITY, common_pb2.TIMEOUT, common_pb2.NR_OF_RESULTS]),
            st.integers(-(2**63), 2**63 - 1),
        ),
    ),
    max_size=5,
)


@given(instructions, st.binary(max_size=40), st.dictionaries(st.text(max_size=3), st.text()))
def test_what_is_read_is_what_the_command_says(
    given_instructions: list[common_pb2.ProcessingInstruction],
    data: bytes,
    metadata: dict[str, str],
) -> None:
    command = command_pb2.Command(message_identifier="id", name="Buy")
    command.payload.data = data
    for key, value in metadata.items():
        command.meta_data[key].text_value = value
    command.processing_instructions.extend(given_instructions)
    said = {"priority": 0, "timeout": 0}
    for each in given_instructions:
        if each.key == common_pb2.PRIORITY:
            said["priority"] = each.value.number_value
        elif each.key == common_pb2.TIMEOUT:
            said["timeout"] = each.value.number_value
    keys = [own.value.text_value for own in given_instructions if own.key == 0]
    hub = CommandHub()
    waits = hub.join(1, "Buy").waiting
    dispatched(hub, command.SerializeToString())
    ((_, waiting),) = waits.items()
    assert (waiting.name, waiting.message_id, waiting.context) == ("Buy", "id", "default")
    assert waiting.routing_key() == next(filter(None, keys), "id")
    assert (waiting.priority, waiting.timeout_ms) == (
        said["priority"],
        said["timeout"] and bounded_timeout_ms(said["timeout"]),
    )
    assert waiting.metadata() == metadata


def test_the_bytes_go_on_as_they_came() -> None:
    hub, link = CommandHub(), NotedLink()
    hub.join(1, "Buy", permits=1, link=link)
    message = command_pb2.Command(name="Buy").SerializeToString() + b"\x98\x06\x01"
    dispatched(hub, message)
    assert link.sent == [message]


@pytest.mark.parametrize("size", [0, 1, 127, 128, 4_095, 4_096, 16_384, 3_000_000])
def test_a_command_in_its_envelope_is_a_framed_inbound_message(size: int) -> None:
    command = command_pb2.Command()
    command.payload.data = bytes(size)
    message = command.SerializeToString()
    framed = head_of(len(message)) + message
    assert framed[:5] == b"\0" + (len(framed) - 5).to_bytes(4, "big")
    inbound = command_pb2.CommandProviderInbound.FromString(framed[5:])
    assert inbound.command == command


def test_the_heads_that_are_ready_are_those_that_would_be_made() -> None:
    assert [head_of(size) for size in range(HEADS_BELOW_BYTES)] == HEADS


def test_an_error_is_an_answer_with_its_code() -> None:
    call = dispatched(
        CommandHub(), command_pb2.Command(message_identifier="id").SerializeToString()
    )
    answer = command_pb2.CommandResponse.FromString(call.replies[0])
    assert (answer.error_code, answer.request_identifier) == ("AXONIQ-4000", "id")
    assert answer.message_identifier == "minted"
    assert call.on_cancelled is None
    assert error_response(NoCommandHandler("a", "b"), "id", "minted") != call.replies[0]
