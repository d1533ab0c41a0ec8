"""Finding the primary among several hosts, some of which may stand still and never answer."""

from __future__ import annotations

import asyncio
import re
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import asyncpg
from asyncpg import Connection

from ranvier.storage.errors import StorageError

Connect = Callable[[], Awaitable[Connection]]

_HOSTS: Final = re.compile(r"(?P<before>[a-z]+://(?:[^@/?#]*@)?)(?P<hosts>[^/?#]*)(?P<after>.*)")


class UnknownHost(OSError):
    """No address belongs to this name."""

    def __init__(self, host: str, reason: str | None) -> None:
        super().__init__(f"the host name {host} is not known ({reason})")


MOST_TELLING: Final = (
    StorageError,
    asyncpg.PostgresError,
    asyncpg.TargetServerAttributeNotMatched,
    OSError,
)
"""Of the failures of several hosts, that of the first kind is told: a server that has looked at us
says more than one that is no primary, and that one more than one that is not there."""


def single_hosts(dsn: str) -> list[str]:
    """Return an address for each host that one names; itself where it names one."""
    matched = _HOSTS.fullmatch(dsn)
    hosts = matched["hosts"].split(",") if matched else []
    if matched is None or len(hosts) < 2:
        return [dsn]
    return [f"{matched['before']}{host}{matched['after']}" for host in hosts]


async def first_connected(connects: Sequence[Connect], pause_seconds: float) -> Connection:
    """Return the connection that is made first; each attempt begins a pause after the one before.

    One that fails lets the next begin at once. Raises the most telling failure when all have
    failed.
    """
    waiting = deque(connects)
    pending: set[asyncio.Future[Connection]] = set()
    failures: list[BaseException] = []
    try:
        while waiting or pending:
            if waiting:
                pending.add(asyncio.ensure_future(waiting.popleft()()))
            done, pending = await asyncio.wait(
                pending,
                timeout=pause_seconds if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            connected = [each.result() for each in done if each.exception() is None]
            if connected:
                for other in connected[1:]:
                    other.terminate()
                return connected[0]
            failures += [error for each in done if (error := each.exception()) is not None]
    finally:
        for each in pending:
            each.cancel()
            each.add_done_callback(_let_go)
    raise min(failures, key=_rank)


@contextmanager
def naming_host(address: str) -> Iterator[None]:
    """Let the error say which host it is whose name nobody knows."""
    try:
        yield
    except socket.gaierror as error:
        raise UnknownHost(host_of(address), error.strerror) from error


def host_of(address: str) -> str:
    """Return host and port of an address with one of them, and nothing secret."""
    matched = _HOSTS.fullmatch(address)
    return matched["hosts"] if matched else ""


def _rank(error: BaseException) -> int:
    kinds = [isinstance(error, kind) for kind in MOST_TELLING]
    return kinds.index(True) if any(kinds) else len(kinds)


def _let_go(attempt: asyncio.Future[Connection]) -> None:
    """Close what was connected in spite of having been given up."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().terminate()
