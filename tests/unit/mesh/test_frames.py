"""What is written and read by hand is what protobuf writes and reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.mesh.errors import BrokenLink
from ranvier.mesh.frames import (
    answer_head,
    command_from,
    command_head,
    parsed_reply,
    parsed_request,
    read_answer,
    read_command,
    title_of,
    titles,
)
from ranvier.proto.ranvier import mesh_pb2
from tests.support.command_parties import NotedCommand

PREFIX_BYTES = 5

uint64 = st.integers(0, 2**64 - 1)
sizes = st.sampled_from([0, 1, 127, 128, 4_000, 4_095, 4_096, 16_383, 16_384, 70_000])
texts = st.text(st.characters(codec="utf-8"), max_size=200)


@given(uint64, uint64, st.integers(0, 2**32 - 1), st.integers(-(2**31), 2**31 - 1), texts, texts)
@pytest.mark.parametrize("size", [0, 1, 127, 128, 3_950, 4_096, 16_384])
def test_a_command_is_what_protobuf_reads(  # all fields of a command
    size: int, number: int, handler: int, timeout_ms: int, priority: int, key: str, name: str
) -> None:
    command = NotedCommand(key, name, priority=priority)
    message = bytes(size)
    framed = command_head(number, handler, timeout_ms, command, size) + message
    assert int.from_bytes(framed[1:PREFIX_BYTES]) == len(framed) - PREFIX_BYTES
    request = parsed_request(framed[PREFIX_BYTES:])
    expected = (number, handler, timeout_ms, priority, key, name, message)
    assert command_from(request.command) == expected
    assert read_command(framed[PREFIX_BYTES:]) in (expected, None)


@pytest.mark.parametrize("size", [0, 1, 90, 127, 128, 300, 4_095, 16_000])
def test_ordinary_commands_need_no_protobuf(size: int) -> None:
    command = NotedCommand("0" * 36, "com.example.Buy", priority=-3)
    framed = command_head(7, 9, 300_000, command, size) + bytes(size)
    expected = (7, 9, 300_000, -3, "0" * 36, "com.example.Buy", bytes(size))
    assert read_command(framed[PREFIX_BYTES:]) == expected


@given(uint64, sizes)
def test_an_answer_is_what_protobuf_reads(number: int, size: int) -> None:
    framed = answer_head(number, size) + bytes(size)
    assert int.from_bytes(framed[1:PREFIX_BYTES]) == len(framed) - PREFIX_BYTES
    answer = parsed_reply(framed[PREFIX_BYTES:]).answer
    assert (answer.number, answer.message) == (number, bytes(size))
    assert read_answer(framed[PREFIX_BYTES:]) in ((number, bytes(size)), None)
    if size < 16_000:
        assert read_answer(framed[PREFIX_BYTES:]) == (number, bytes(size))


@given(st.binary(max_size=80))
def test_what_is_neither_is_left_to_protobuf(message: bytes) -> None:
    found = read_command(message)
    if found is not None:
        assert command_from(parsed_request(message).command) == found
    answer = read_answer(message)
    if answer is not None:
        read = parsed_reply(message).answer
        assert (read.number, read.message) == answer


@given(st.data())
def test_a_command_that_was_cut_or_changed_is_never_read_wrongly(data: st.DataObject) -> None:
    command = NotedCommand("id-1", "Buy")
    whole = command_head(1, 2, 3, command, 40)[PREFIX_BYTES:] + bytes(range(40))
    cut = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    if cut:
        cut[data.draw(st.integers(0, len(cut) - 1))] = data.draw(st.integers(0, 255))
    found = read_command(bytes(cut))
    if found is not None:
        assert command_from(parsed_request(bytes(cut)).command) == found


def test_a_field_of_a_later_version_does_no_harm() -> None:
    known = mesh_pb2.Answer(number=5, message=b"done").SerializeToString()
    later = known + b"\x1a\x03new"
    reply = b"\x32" + bytes([len(later)]) + later
    assert read_answer(reply) is None
    assert parsed_reply(reply).answer.message == b"done"


def test_what_protobuf_cannot_read_breaks_the_link() -> None:
    for parsed in (parsed_request, parsed_reply):
        with pytest.raises(BrokenLink, match="no message of a link"):
            parsed(b"\xff\xff")


def test_only_so_many_names_are_kept() -> None:
    titles.clear()
    for number in range(10_001):
        title_of(f"Name{number}")
    assert len(titles) == 1
