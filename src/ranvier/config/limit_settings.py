"""The bounds that an operator may move; one line each, named like the bound that it sets."""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.config.keys import axon, setting
from ranvier.config.kinds import BYTES, MILLISECONDS, SECONDS, integer, optional

_COUNT = integer(1, 1_000_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """How much the node takes from one client and from all of them."""

    message_bytes: int = setting(
        BYTES,
        "largest gRPC message",
        default=4 * 1024 * 1024,
        axon=(axon("max-message-size"),),
    )
    connections: int = setting(_COUNT, "open gRPC connections", default=20_000)
    connections_per_address: int | None = setting(
        optional(_COUNT), "open gRPC connections from one address"
    )
    streams_per_connection: int = setting(_COUNT, "open calls of one connection", default=10_000)
    keep_alive_seconds: float | None = setting(
        optional(SECONDS),
        "silence after which a client is pinged",
        default=20.0,
        axon=(axon("keep-alive-time", MILLISECONDS),),
    )
    idle_seconds: float | None = setting(
        optional(SECONDS), "time without a call after which a connection is closed"
    )
