"""Signs of life between two systems, without a program at either end (RFC 9293 section 3.8.4)."""

from __future__ import annotations

import socket
from math import ceil
from typing import Final, Protocol

from ranvier.wire.connection_limits import ConnectionLimits

INTERNET: Final = (socket.AF_INET, socket.AF_INET6)

QUESTION_SECONDS: Final = 5
"""Between two questions that are not answered."""


class SocketOptions(Protocol):
    """A socket, as far as its options go."""

    @property
    def family(self) -> int:
        """The address family."""

    def setsockopt(self, level: int, option: int, value: int, /) -> None:
        """Set an option."""


def keep_alive(connected: SocketOptions | None, limits: ConnectionLimits) -> None:
    """Let the system ask a silent peer's system, and end the connection if that is gone."""
    seconds = limits.tcp_keep_alive_seconds
    if seconds is None or connected is None or connected.family not in INTERNET:
        return
    questions = max(1, ceil(limits.keep_alive_timeout_seconds / QUESTION_SECONDS))
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, ceil(seconds)))
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, QUESTION_SECONDS)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, questions)
