"""What each of several nodes on one host is told."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from ranvier.config.errors import ContradictorySettings
from ranvier.config.load import LoadedSettings, load_settings
from ranvier.node.host_plan import host_plan

DATABASE: Final = {"database": "postgresql://db/ranvier"}


def loaded(**values: str) -> LoadedSettings:
    return load_settings({"data": "/var/ranvier", **values}, {}, Path(), machine="host.example")


def test_each_node_has_its_own_name_number_directory_and_ports() -> None:
    first, second = host_plan(loaded(**DATABASE, name="node"), 2)
    assert first == (
        *("--name", "node-1", "--local-node-id", "1", "--data", "/var/ranvier/1"),
        *("--http-port", "8024", "--grpc-port", "8124", "--internal-port", "8224"),
    )
    assert second == (
        *("--name", "node-2", "--local-node-id", "2", "--data", "/var/ranvier/2"),
        *("--http-port", "8025", "--grpc-port", "8125", "--internal-port", "8225"),
    )


def test_any_free_port_stays_so_and_ajp_counts_where_it_is_open() -> None:
    plan = host_plan(loaded(**DATABASE, grpc_port="0", ajp_secret="s" * 20), 3)
    assert [flags[flags.index("--grpc-port") + 1] for flags in plan] == ["0", "0", "0"]
    assert [flags[flags.index("--ajp-port") + 1] for flags in plan] == ["8009", "8010", "8011"]


@pytest.mark.parametrize(
    ("values", "processes", "words"),
    [
        ({}, 2, "`database` to postgresql://"),
        ({**DATABASE, "local_node_id": "3"}, 2, "local_node_id"),
        ({**DATABASE, "route": "mine"}, 2, "route"),
        ({**DATABASE}, 101, "http_port 8024 and from grpc_port 8124 meet at 8124"),
        ({**DATABASE, "http_port": "65535"}, 2, "http_port is 65535"),
    ],
)
def test_what_cannot_be_shared_out_is_said_in_a_sentence(
    values: dict[str, str], processes: int, words: str
) -> None:
    with pytest.raises(ContradictorySettings, match=words):
        host_plan(loaded(**values), processes)
