"""Hosts of their own for test nodes: network namespaces, with a cable between each two of them.

    with hosts(["one", "two"]) as network:
        subprocess.Popen([*network.enter("one"), "program"])    # keeps its process id
        network.mesh_address("one")      # where the other hosts reach it
        network.client_address("one")    # where this process reaches it
        network.database_address("one")  # where it reaches this process
        network.lose(network.cable("one", "two"))               # packets vanish, nobody is told
        network.heal()

Only root can have them, and only where the kernel has them: `why_not()` tells. A guard outlives
this process however it ends, ends what still runs on those hosts, and takes them away.
"""

from __future__ import annotations

import ipaddress
import os
import random
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Final

# Addresses that are set aside for measurements among networks: nobody is reached under them.
BLOCK: Final = ipaddress.IPv4Network("198.18.0.0/15")
PREFIX: Final = "rvt"

# The guard's input ends with the process that holds the other end of it. A program that was about
# to enter its host at that moment is there a little later.
GUARD: Final = """
trap '' INT TERM HUP
read -r kind
for turn in 1 2; do
    for name in "$@"; do
        kill -9 $(ip netns pids "$name") 2>/dev/null
    done
    test "$kind" = closed && break
    sleep 0.5
done
for name in "$@"; do
    ip netns del "$name" 2>/dev/null
done
"""


@dataclass(frozen=True, slots=True)
class Cable:
    """Two ends, each with the namespace that it is in ("" for that of this process)."""

    ends: tuple[tuple[str, str], tuple[str, str]]


class NetworkNamespaces:
    """Hosts by name; between two of them, and from each to here, are cables of their own."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._block, self._number = _free_block()
        self._lost: set[tuple[str, str]] = set()
        self._cables: dict[tuple[str, str], Cable] = {}
        spaces = [self.namespace(name) for name in names]
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "sh", *spaces],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            for name in names:
                self._add_host(name)
            for one, other in combinations(names, 2):
                self._connect(one, other)
        except BaseException:
            self.close()
            raise

    def namespace(self, name: str) -> str:
        """Return what the kernel calls a host."""
        return f"{PREFIX}{self._number}n{self._names.index(name)}"

    def enter(self, name: str) -> tuple[str, ...]:
        """Return the command that runs a program on a host, as the same process."""
        return ("ip", "netns", "exec", self.namespace(name))

    def mesh_address(self, name: str) -> str:
        """Where the other hosts reach this one."""
        return self._address(200 + self._names.index(name))

    def client_address(self, name: str) -> str:
        """Where this process reaches a host."""
        return self._address(8 * self._names.index(name) + 2)

    def database_address(self, name: str) -> str:
        """Where a host reaches this process; another cable than that of clients."""
        return self._address(8 * self._names.index(name) + 5)

    def cable(self, one: str, other: str) -> Cable:
        """Return what connects two hosts, or a host with "clients" or "database" here."""
        return (
            self._cables[(one, other)]
            if (one, other) in self._cables
            else self._cables[(other, one)]
        )

    def lose(self, cable: Cable, *, toward: Sequence[int] = (0, 1)) -> None:
        """Lose what is sent toward these ends of a cable; nobody is told."""
        for end in toward:
            namespace, device = cable.ends[1 - end]
            if (namespace, device) not in self._lost:
                self._lost.add((namespace, device))
                _run("tc", *_inside(namespace), "qdisc", "add", "dev", device, "root", "blackhole")

    def heal(self) -> None:
        """Let everything through again."""
        for namespace, device in self._lost:
            _run("tc", *_inside(namespace), "qdisc", "del", "dev", device, "root")
        self._lost.clear()

    def close(self) -> None:
        """Take the hosts away, and end what still runs on them."""
        self._guard.communicate("closed\n")

    def _address(self, last: int) -> str:
        return str(self._block[last])

    def _add_host(self, name: str) -> None:
        place, space = self._names.index(name), self.namespace(name)
        _run("ip", "netns", "add", space)
        _run("ip", "-n", space, "link", "set", "lo", "up")
        _run("ip", "-n", space, "addr", "add", f"{self.mesh_address(name)}/32", "dev", "lo")
        for number, kind in enumerate(("clients", "database")):
            here, there = f"{PREFIX}{self._number}{kind[0]}{place}", kind
            _run("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", space)
            first = 8 * place + 4 * number + 1
            _run("ip", "addr", "add", f"{self._address(first)}/30", "dev", here)
            _run("ip", "link", "set", here, "up")
            inside = ("ip", "-n", space)
            _run(*inside, "addr", "add", f"{self._address(first + 1)}/30", "dev", there)
            _run(*inside, "link", "set", there, "up")
            self._cables[(name, kind)] = Cable(((space, there), ("", here)))

    def _connect(self, one: str, other: str) -> None:
        ends = ((self.namespace(one), f"to-{other}"), (self.namespace(other), f"to-{one}"))
        (first, first_device), (second, second_device) = ends
        _run(
            *("ip", "-n", first, "link", "add", first_device, "type", "veth"),
            *("peer", "name", second_device, "netns", second),
        )
        for (space, device), near, far in ((ends[0], one, other), (ends[1], other, one)):
            _run("ip", "-n", space, "link", "set", device, "up")
            _run(
                *("ip", "-n", space, "route", "add", f"{self.mesh_address(far)}/32"),
                *("dev", device, "src", self.mesh_address(near)),
            )
        self._cables[(one, other)] = Cable(ends)


@cache
def why_not() -> str | None:
    """Say in a few words why there can be no hosts here; None where there can."""
    if os.geteuid() != 0:
        return "not root"
    missing = [program for program in ("ip", "tc") if shutil.which(program) is None]
    if missing:
        return f"no {missing[0]}"
    try:
        with hosts(["a", "b"]) as network:
            network.lose(network.cable("a", "b"))
            network.heal()
    except subprocess.CalledProcessError as error:
        return str(error.stderr or error).strip()
    return None


@contextmanager
def hosts(names: Sequence[str]) -> Iterator[NetworkNamespaces]:
    """Hosts for the length of a block."""
    network = NetworkNamespaces(names)
    try:
        yield network
    finally:
        network.close()


def _free_block() -> tuple[ipaddress.IPv4Network, int]:
    taken = subprocess.run(
        ["ip", "-o", "address"], check=True, capture_output=True, text=True
    ).stdout
    blocks = list(BLOCK.subnets(new_prefix=24))
    while True:
        number = random.randrange(len(blocks))
        if f" {str(blocks[number][0]).rpartition('.')[0]}." not in taken:
            return blocks[number], number


def _inside(namespace: str) -> tuple[str, ...]:
    return ("-n", namespace) if namespace else ()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
