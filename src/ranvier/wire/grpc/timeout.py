"""The header `grpc-timeout`: at most eight digits and one letter for the unit."""

from __future__ import annotations

from ranvier.wire.grpc.status import GrpcError, StatusCode

UNIT_SECONDS = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
NUMBER_MAX = 99_999_999


def seconds_from(value: bytes) -> float:
    """Return the seconds that a `grpc-timeout` allows; refuse another form as INTERNAL."""
    number, unit = value[:-1], UNIT_SECONDS.get(value[-1:])
    if unit is None or not number.isdigit() or len(number) > 8:
        raise GrpcError(
            StatusCode.INTERNAL,
            "the header grpc-timeout must be one to eight digits and one of H, M, S, m, u, n",
        )
    return int(number) * unit


def timeout_value(seconds: float) -> bytes:
    """Return the `grpc-timeout` for so many seconds, never longer than asked; at least 1 ns."""
    for unit in (b"n", b"u", b"m", b"S", b"M", b"H"):
        number = int(seconds / UNIT_SECONDS[unit])
        if number <= NUMBER_MAX:
            return b"%d" % max(number, 1) + unit
    return b"%dH" % NUMBER_MAX
