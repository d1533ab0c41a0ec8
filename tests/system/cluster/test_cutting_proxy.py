"""The proxy that the tests of a cluster cut with does what it is told, and nothing else."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.cutting_proxy import TO_CLIENT, TO_SERVER, CuttingProxy, ProxyLoop

DEADLINE_SECONDS = 20.0
SILENCE_SECONDS = 0.2


class Echo:
    """A server that sends back what it gets, on each connection."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with closing(connection):
            try:
                while data := connection.recv(1024):
                    connection.sendall(data)
            except OSError:
                return

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def loop() -> Iterator[ProxyLoop]:
    loop = ProxyLoop()
    yield loop
    loop.close()


@pytest.fixture
def proxy(loop: ProxyLoop) -> Iterator[CuttingProxy]:
    echo = Echo()
    proxy = CuttingProxy(loop, echo.address, diallers=lambda: [os.getpid()])
    yield proxy
    proxy.close()
    echo.close()


@pytest.fixture
def client(proxy: CuttingProxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), DEADLINE_SECONDS) as client:
        yield client


def is_silent(client: socket.socket) -> bool:
    client.settimeout(SILENCE_SECONDS)
    try:
        client.recv(10)
    except TimeoutError:
        return True
    finally:
        client.settimeout(DEADLINE_SECONDS)
    return False


def test_what_passes_comes_back(client: socket.socket) -> None:
    client.sendall(b"hello")
    assert client.recv(10) == b"hello"


def test_a_cut_resets_and_refuses_until_it_heals(
    proxy: CuttingProxy, client: socket.socket
) -> None:
    client.sendall(b"hello")
    assert client.recv(10) == b"hello"
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        client.recv(10)
    with (
        pytest.raises(ConnectionResetError),
        socket.create_connection(("127.0.0.1", proxy.port), DEADLINE_SECONDS) as refused,
    ):
        refused.recv(10)
    proxy.heal()
    with socket.create_connection(("127.0.0.1", proxy.port), DEADLINE_SECONDS) as again:
        again.sendall(b"again")
        assert again.recv(10) == b"again"


@pytest.mark.parametrize("ways", [frozenset({TO_SERVER}), frozenset({TO_CLIENT})])
def test_what_is_held_arrives_when_it_heals(
    proxy: CuttingProxy, client: socket.socket, ways: frozenset[str]
) -> None:
    proxy.hold(ways=ways)
    client.sendall(b"hello")
    assert is_silent(client)
    proxy.heal()
    assert client.recv(10) == b"hello"


def test_only_the_connections_of_one_process_are_cut(
    proxy: CuttingProxy, client: socket.socket
) -> None:
    proxy.hold(dialler=os.getpid() + 1)
    client.sendall(b"hello")
    assert client.recv(10) == b"hello"
    proxy.hold(dialler=os.getpid())
    client.sendall(b"hello")
    assert is_silent(client)


def test_what_is_delayed_arrives_later_and_in_order(
    proxy: CuttingProxy, client: socket.socket
) -> None:
    proxy.delay(0.1)
    started = time.monotonic()
    client.sendall(b"a")
    assert client.recv(10) == b"a"
    assert time.monotonic() - started >= 0.2


def test_an_end_is_passed_on(client: socket.socket) -> None:
    client.sendall(b"last")
    client.shutdown(socket.SHUT_WR)
    assert client.recv(10) == b"last"
    assert client.recv(10) == b""
