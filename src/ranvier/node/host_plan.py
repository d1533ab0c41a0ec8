"""What each of several nodes on one host is told beside what they all are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ranvier.config.errors import ContradictorySettings
from ranvier.config.load import LoadedSettings
from ranvier.config.origins import Layer
from ranvier.config.settings import Settings

PORT_MAX: Final = 65_535

OWN_KEYS: Final = ("local_node_id", "route")
"""Keys that no two nodes may share, and that are therefore not given for all of them."""


def host_plan(loaded: LoadedSettings, processes: int) -> list[tuple[str, ...]]:
    """Return the flags of each node, the first one first.

    Node k has the name `NAME-k`, local node id k and the data directory `DATA/k`. The first has the
    ports that are configured, each other one the next port after its neighbour's; 0 stays 0.
    Raises `ContradictorySettings`.
    """
    settings = loaded.settings
    if settings.database.dsn is None:
        raise ContradictorySettings(
            f"--processes {processes}: several nodes share a PostgreSQL, and the database is"
            " embedded; set `database` to postgresql://…, or leave --processes out."
        )
    for key in OWN_KEYS:
        if loaded.origins[key].layer not in (Layer.DEFAULT, Layer.DERIVED):
            raise ContradictorySettings(
                f"{key} ({loaded.origins[key]}) is one value, and --processes {processes} gives"
                " each node its own; leave it out."
            )
    ports = dict(_ports(settings))
    _check_ports(ports, processes)
    return [_flags(settings, ports, number) for number in range(1, processes + 1)]


def _ports(settings: Settings) -> Iterator[tuple[str, int]]:
    for key in ("http_port", "grpc_port", "internal_port"):
        yield key, getattr(settings, key)
    if settings.ajp_secret is not None:
        yield "ajp_port", settings.ajp_port


def _check_ports(ports: dict[str, int], processes: int) -> None:
    taken: dict[int, str] = {}
    for key, first in ports.items():
        if not first:
            continue
        for port in range(first, first + processes):
            if port in taken:
                raise ContradictorySettings(
                    f"{processes} nodes from {taken[port]} {ports[taken[port]]} and from {key}"
                    f" {first} meet at {port}; set them further apart, or to 0 for any free port."
                )
            taken[port] = key
        if first + processes - 1 > PORT_MAX:
            raise ContradictorySettings(
                f"{key} is {first}, and {processes} nodes need as many ports from there on, the"
                f" last of which is {PORT_MAX}; set a lower one."
            )


def _flags(settings: Settings, ports: dict[str, int], number: int) -> tuple[str, ...]:
    flags = [
        *("--name", f"{settings.name}-{number}"),
        *("--local-node-id", str(number)),
        *("--data", str(settings.data / str(number))),
    ]
    for key, first in ports.items():
        port = first + number - 1 if first else 0
        flags += ["--" + key.replace("_", "-"), str(port)]
    return tuple(flags)
