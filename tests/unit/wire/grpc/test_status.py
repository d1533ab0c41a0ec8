from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.wire.grpc.status import (
    GrpcError,
    StatusCode,
    error_from,
    percent_decoded,
    percent_encoded,
    status_pairs,
)


@given(st.text(max_size=300))
def test_a_message_survives_the_wire_as_printable_ascii(text: str) -> None:
    value = percent_encoded(text)
    assert all(0x20 <= octet < 0x7F for octet in value)
    assert percent_decoded(value) == text.encode("utf-8", "replace").decode()


def test_non_ascii_percent_and_line_breaks_are_escaped() -> None:
    assert percent_encoded("100 % größer\n") == b"100 %25 gr%C3%B6%C3%9Fer%0A"


@pytest.mark.parametrize(
    ("value", "text"),
    [(b"50%", "50%"), (b"%zz%41", "%zzA"), (b"%ff", "�"), (b"a+b", "a+b")],
)
def test_a_wrongly_escaped_message_is_kept_as_far_as_it_goes(value: bytes, text: str) -> None:
    assert percent_decoded(value) == text


def test_a_long_message_is_cut_between_characters() -> None:
    text = percent_decoded(percent_encoded("ä" * 10_000))
    assert set(text) == {"ä"}
    assert 1_000 < len(text) <= 4_096


def test_an_error_survives_the_wire_with_its_trailers() -> None:
    error = GrpcError(StatusCode.OUT_OF_RANGE, "[AXONIQ-2000] wrong", ((b"x-code", b"2000"),))
    read = error_from(status_pairs(error))
    assert read is not None
    assert (read.status, read.message, read.trailers) == (
        StatusCode.OUT_OF_RANGE,
        "[AXONIQ-2000] wrong",
        ((b"x-code", b"2000"),),
    )


def test_ok_is_no_error() -> None:
    assert error_from(((b"grpc-status", b"0"), (b"x-more", b"1"))) is None


@pytest.mark.parametrize("value", [b"", b"-1", b"17", b"abc", b"99999999999999999999"])
def test_a_status_that_grpc_lacks_is_unknown(value: bytes) -> None:
    error = error_from(((b"grpc-status", value),))
    assert error is not None
    assert error.status is StatusCode.UNKNOWN


def test_no_status_at_all_is_unknown() -> None:
    error = error_from(((b"x-more", b"1"),))
    assert error is not None
    assert error.status is StatusCode.UNKNOWN
