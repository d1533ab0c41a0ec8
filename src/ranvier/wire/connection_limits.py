"""Bounds of one listener and of each connection, below HTTP/2: numbers, times and buffers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be, and how long each may be silent, idle or old.

    `None` switches a limit off. Clients of Axon keep one connection for days: idle and age are
    therefore off by default.
    """

    connections: int = 20_000
    """Open connections of a listener: each needs a file descriptor and about 10 KiB."""
    connections_per_address: int | None = None
    """Open connections from one address; off, as all clients behind one gateway share theirs."""
    handshake_seconds: float | None = 10.0
    """From the accepted connection to the peer's preface and SETTINGS (and TLS before them)."""
    tcp_keep_alive_seconds: float | None = 20.0
    """Silence after which the system asks the peer's system for a sign of life: a vanished machine
    sends no farewell, and is missed half a minute later."""
    keep_alive_seconds: float | None = 120.0
    """Silence after which the peer itself is pinged: its system answers for a frozen program, too.
    Dearer by far: one in 20 s on 10,000 connections takes 2 % of a core (bench/idle.py)."""
    keep_alive_timeout_seconds: float = 10.0
    """Silence after such a ping that ends the connection."""
    idle_seconds: float | None = None
    """Time without any open stream after which the connection is closed."""
    age_seconds: float | None = None
    """Age after which a connection takes no new streams, so that balancers can spread anew."""
    age_spread: float = 0.1
    """Share by which the age differs at random, so that not all connections go at once."""
    age_grace_seconds: float | None = None
    """Time that open streams get after the age has come; off: until they end by themselves."""
    farewell_seconds: float = 1.0
    """Time that a peer gets to read why it was cut, before the socket is closed on it."""
    write_buffer_bytes: int = 256 * 1024
    """Bytes waiting for the socket above which nothing more is passed to it."""
