"""Envelopes read and written by hand say what protobuf says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.axon.sole_field import framed, sole_field, wrapped
from ranvier.proto import query_pb2

Outbound = query_pb2.QueryProviderOutbound


@pytest.mark.parametrize("size", [0, 1, 100, 115, 127, 128, 129, 16_383, 16_384, 2_097_152])
def test_an_envelope_of_one_field_is_opened_and_made(size: int) -> None:
    response = query_pb2.QueryResponse(request_identifier="x" * size)
    content = response.SerializeToString()
    message = Outbound(query_response=response).SerializeToString()
    assert sole_field(message) == (4, content)
    assert wrapped(4)(content) == message
    assert framed(4)(content) == b"\0" + len(message).to_bytes(4, "big") + message


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x22",
        b"\x22\x05abc",
        b"\x22\x80",
        b"\x22\xff\xff\xff\xff\xff\xff\xff",
        b"\x28\x01",
        b"\xa2\x06\x00",
        Outbound(instruction_id="i", query_response=query_pb2.QueryResponse()).SerializeToString(),
        Outbound(
            query_response=query_pb2.QueryResponse(request_identifier="q"), instruction_id="i"
        ).SerializeToString(),
    ],
)
def test_all_else_is_left_to_protobuf(message: bytes) -> None:
    assert sole_field(message) == (0, b"")


@given(st.binary(max_size=40))
def test_no_bytes_are_read_beyond_their_end(message: bytes) -> None:
    field, content = sole_field(message)
    assert field == 0 or message.endswith(content)


@pytest.mark.parametrize("size", [130, 4_095, 4_096, 16_386])
def test_a_length_that_does_not_end_is_left_to_protobuf(size: int) -> None:
    assert sole_field(b"\x22" + b"\xff" * (size - 1)) == (0, b"")


@pytest.mark.parametrize("size", range(2, 300))
def test_every_short_size_is_read_as_its_length_says(size: int) -> None:
    content = bytes(size)
    message = wrapped(5)(content)
    assert sole_field(message) == (5, content)
    assert sole_field(message + b"\0") == (0, b"")
    assert sole_field(message[:-1]) == (0, b"")
