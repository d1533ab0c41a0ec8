"""Hosts for test nodes: a cable between each two, which loses packets, and nothing left behind."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import psutil
import pytest

from examples.until import until
from tests.support.network_namespaces import NetworkNamespaces, hosts, why_not

DEADLINE_SECONDS = 20.0
SILENCE_SECONDS = 0.2

ECHO = """
import socket
listener = socket.create_server(("0.0.0.0", 0))
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    while data := connection.recv(100):
        connection.sendall(data)
"""

KEEPS_HOSTS = """
import subprocess
from tests.support.network_namespaces import NetworkNamespaces
network = NetworkNamespaces(["a", "b"])
child = subprocess.Popen([*network.enter("a"), "sleep", "600"])
print(network.namespace("a"), child.pid, flush=True)
child.wait()
"""


@pytest.fixture(autouse=True)
def only_where_there_are_namespaces() -> None:
    obstacle = why_not()
    if obstacle is not None:
        pytest.skip(f"no network namespaces here: {obstacle}")


@pytest.fixture
def network() -> Iterator[NetworkNamespaces]:
    with hosts(["a", "b"]) as network:
        yield network


def program(network: NetworkNamespaces, name: str, text: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*network.enter(name), sys.executable, "-c", text], stdout=subprocess.PIPE, text=True
    )


def echoed(client: socket.socket, data: bytes) -> bytes | None:
    client.settimeout(SILENCE_SECONDS)
    try:
        client.sendall(data)
        return client.recv(100)
    except TimeoutError:
        return None


def test_packets_vanish_and_come_through_again(network: NetworkNamespaces) -> None:
    with program(network, "a", ECHO) as echo:
        assert echo.stdout is not None
        address = (network.client_address("a"), int(echo.stdout.readline()))
        with closing(socket.create_connection(address, DEADLINE_SECONDS)) as client:
            client.settimeout(DEADLINE_SECONDS)
            client.sendall(b"one")
            assert client.recv(100) == b"one"
            network.lose(network.cable("a", "clients"))
            assert echoed(client, b"two") is None
            network.heal()
            client.settimeout(DEADLINE_SECONDS)
            assert client.recv(100) == b"two"
        echo.kill()


def test_hosts_reach_each_other_on_their_own_cable(network: NetworkNamespaces) -> None:
    with program(network, "a", ECHO) as echo:
        assert echo.stdout is not None
        port = int(echo.stdout.readline())
        dial = (
            "import socket\n"
            f"client = socket.create_connection(({network.mesh_address('a')!r}, {port}), 0.5)\n"
            "print(client.getpeername()[0])\n"
        )
        network.lose(network.cable("a", "b"), toward=(0,))
        with program(network, "b", dial) as lost:
            assert lost.wait(DEADLINE_SECONDS) != 0
        network.heal()
        network.lose(network.cable("a", "clients"))
        with program(network, "b", dial.replace("0.5", "20")) as reached:
            assert reached.communicate()[0].strip() == network.mesh_address("a")
        echo.kill()


def namespaces() -> list[str]:
    listed = subprocess.run(["ip", "netns"], check=True, capture_output=True, text=True).stdout
    return [line.split()[0] for line in listed.splitlines()]


def is_alive(process_id: int) -> bool:
    try:
        return bool(psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_hosts_and_their_processes_end_with_a_killed_test() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KEEPS_HOSTS], stdout=subprocess.PIPE, text=True
    ) as keeper:
        assert keeper.stdout is not None
        namespace, process_id = keeper.stdout.readline().split()
        assert namespace in namespaces()
        keeper.kill()
    until(lambda: namespace not in namespaces(), f"{namespace} is gone", DEADLINE_SECONDS)
    until(lambda: not is_alive(int(process_id)), "its process has ended", DEADLINE_SECONDS)
