from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.grpc.timeout import seconds_from, timeout_value


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"1H", 3600),
        (b"2M", 120),
        (b"3S", 3),
        (b"250m", 0.25),
        (b"10u", 1e-5),
        (b"99999999n", 0.099999999),
        (b"0S", 0),
        (b"00000001S", 1),
    ],
)
def test_each_unit_has_its_meaning(value: bytes, seconds: float) -> None:
    assert seconds_from(value) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "value", [b"", b"S", b"1", b"1s", b"-1S", b"+1S", b"1.5S", b"123456789S", b"1 S", b"\xd9\xa1S"]
)
def test_another_form_is_refused(value: bytes) -> None:
    with pytest.raises(GrpcError) as caught:
        seconds_from(value)
    assert caught.value.status is StatusCode.INTERNAL


@given(st.floats(min_value=1e-8, max_value=1e11))
def test_what_is_written_is_never_longer_and_hardly_shorter(seconds: float) -> None:
    read = seconds_from(timeout_value(seconds))
    assert read <= seconds * (1 + 1e-9)
    assert read >= seconds * 0.99 or seconds < 1e-7


@pytest.mark.parametrize(("seconds", "value"), [(0, b"1n"), (-5, b"1n"), (1e15, b"99999999H")])
def test_the_ends_of_the_range_are_kept(seconds: float, value: bytes) -> None:
    assert timeout_value(seconds) == value
