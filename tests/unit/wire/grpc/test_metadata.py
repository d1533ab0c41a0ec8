from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.wire.grpc.metadata import Metadata, header_pairs
from ranvier.wire.grpc.status import GrpcError, StatusCode

REQUEST = (
    (b":path", b"/a/b"),
    (b"content-type", b"application/grpc"),
    (b"te", b"trailers"),
    (b"grpc-timeout", b"1S"),
    (b"axoniq-context", b"default"),
    (b"axoniq-context", b"second"),
    (b"trace-bin", b"AAE"),
)


def test_the_first_value_of_a_name_is_read() -> None:
    metadata = Metadata(REQUEST)
    assert metadata.get("axoniq-context") == "default"
    assert metadata.get("absent") is None
    assert metadata.get_bytes("absent-bin") is None


def test_protocol_headers_are_no_items() -> None:
    assert list(Metadata(REQUEST).items()) == [
        ("axoniq-context", "default"),
        ("axoniq-context", "second"),
        ("trace-bin", "AAE"),
    ]


@pytest.mark.parametrize("value", [b"AAE", b"AAE=", b"AAE,BBBB"])
def test_binary_values_may_be_padded_or_joined(value: bytes) -> None:
    assert Metadata(((b"x-bin", value),)).get_bytes("x-bin") == b"\x00\x01"


@pytest.mark.parametrize("value", [b"A", b"?!", b"A A="])
def test_a_binary_value_that_is_not_base64_is_refused(value: bytes) -> None:
    with pytest.raises(GrpcError) as caught:
        Metadata(((b"x-bin", value),)).get_bytes("x-bin")
    assert caught.value.status is StatusCode.INVALID_ARGUMENT


@given(st.binary(max_size=100), st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_metadata_survives_the_wire(raw: bytes, text: str) -> None:
    metadata = Metadata(header_pairs({"X-Raw-bin": raw, "x-text": text}))
    assert metadata.get_bytes("x-raw-bin") == raw
    assert metadata.get("x-text") == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-bin", "text"),
        ("x", b"bytes"),
        ("x", "line\nbreak"),
        ("x", "ä"),
        ("x y", "a"),
        ("", "a"),
        (":path", "/"),
        ("grpc-status", "0"),
        ("te", "trailers"),
    ],
)
def test_what_may_not_be_metadata_is_refused(name: str, value: str | bytes) -> None:
    with pytest.raises(GrpcError):
        header_pairs({name: value})
