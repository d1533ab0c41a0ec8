from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.postgres.hosts import first_connected, single_hosts


@pytest.mark.parametrize(
    ("dsn", "hosts"),
    [
        ("postgresql://db/x", ["postgresql://db/x"]),
        (
            "postgresql://me:a%2Cb@one:1,[::1]:2/x?sslmode=require",
            [
                "postgresql://me:a%2Cb@one:1/x?sslmode=require",
                "postgresql://me:a%2Cb@[::1]:2/x?sslmode=require",
            ],
        ),
        ("postgresql:///x?host=/run/postgresql", ["postgresql:///x?host=/run/postgresql"]),
        ("host=one,two", ["host=one,two"]),
    ],
)
def test_each_host_gets_an_address_of_its_own(dsn: str, hosts: list[str]) -> None:
    assert single_hosts(dsn) == hosts


class Server:
    """Answers an attempt to connect with a connection, an error, or not at all."""

    def __init__(self, answer: BaseException | None = None, *, is_silent: bool = False) -> None:
        self.answer = answer
        self.is_silent = is_silent
        self.terminated = False

    async def connect(self) -> Any:
        if self.is_silent:
            await asyncio.get_running_loop().create_future()
        if self.answer is not None:
            raise self.answer
        return self

    def terminate(self) -> None:
        self.terminated = True


async def found(*servers: Server, pause_seconds: float = 0.01) -> Any:
    async with asyncio.timeout(20):
        return await first_connected([server.connect for server in servers], pause_seconds)


async def test_a_host_that_never_answers_holds_nobody_up() -> None:
    primary = Server()
    assert await found(Server(is_silent=True), primary) is primary
    assert not primary.terminated


async def test_a_host_that_refuses_lets_the_next_be_tried_at_once() -> None:
    primary = Server()
    assert await found(Server(OSError("refused")), primary, pause_seconds=1_000) is primary


async def test_of_two_that_answer_one_is_let_go() -> None:
    servers = Server(), Server()
    await found(*servers, pause_seconds=0)
    assert sum(server.terminated for server in servers) <= 1


@pytest.mark.parametrize(
    ("failures", "told"),
    [
        ([OSError("gone"), StorageUnavailable("a former primary")], "former primary"),
        ([OSError("gone"), asyncpg.InvalidPasswordError("wrong password")], "wrong password"),
        ([asyncpg.TargetServerAttributeNotMatched("standby"), OSError("gone")], "standby"),
        ([ZeroDivisionError("odd"), OSError("gone")], "gone"),
        ([ZeroDivisionError("odd")], "odd"),
    ],
)
async def test_the_failure_that_tells_most_is_told(failures: list[Exception], told: str) -> None:
    with pytest.raises(Exception, match=told):
        await found(*map(Server, failures))
