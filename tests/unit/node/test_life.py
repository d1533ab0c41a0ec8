from __future__ import annotations

from pathlib import Path

import pytest

from ranvier.cluster.joining.errors import JoinRefused, SecretDiffers
from ranvier.config.errors import ClusterKeyDiffers
from ranvier.config.joined_cluster import JoinedCluster, read_joined, write_joined
from ranvier.config.load import LoadedSettings, load_settings
from ranvier.config.settings import Settings
from ranvier.config.shared_configuration import KeptConfiguration, read_kept, write_kept
from ranvier.node import run
from ranvier.node.life import NodeLife, Turn
from ranvier.node.ready_line import BoundPorts
from ranvier.security.secret import Secret

DSN = "postgresql://db.example/ranvier"
JOINED = JoinedCluster("cluster-1", {"database": Secret(DSN), "cluster_secret": Secret("s")})


def life_in(folder: Path, **arguments: str) -> NodeLife:
    def load() -> LoadedSettings:
        return load_settings(arguments, {}, folder, machine="one.example")

    return NodeLife(load(), load)


def is_alone(life: NodeLife) -> bool:
    return life.settings.database.dsn is None


async def test_a_turn_is_waited_for_and_a_stop_stays_one(tmp_path: Path) -> None:
    life = life_in(tmp_path)
    life.turn(Turn.JOIN)
    assert await life.next_turn() is Turn.JOIN
    life.turn(Turn.STOP)
    life.turn(Turn.LEAVE)
    assert await life.next_turn() is Turn.STOP
    assert await life.next_turn() is Turn.STOP


def test_the_ports_of_the_first_start_are_kept(tmp_path: Path) -> None:
    life = life_in(tmp_path, http_port="0")
    assert life.settings.http_port == 0
    life.ports = BoundPorts(http=1, grpc=2, internal=3)
    life.read_again()
    settings = life.settings
    assert (settings.http_port, settings.grpc_port, settings.internal_port) == (1, 2, 3)
    assert settings.ajp_port == 8009


def test_what_would_differ_in_a_cluster_is_told_before_it_is_joined(tmp_path: Path) -> None:
    assert life_in(tmp_path).within(JOINED).database.dsn == Secret(DSN)
    with pytest.raises(ClusterKeyDiffers):
        life_in(tmp_path, cluster_secret="another").within(JOINED)


def test_a_node_that_leaves_goes_on_alone_if_its_settings_let_it(tmp_path: Path) -> None:
    life = life_in(tmp_path)
    write_joined(tmp_path / "data", JOINED)
    assert run.goes_on(life, Turn.JOIN)
    assert not is_alone(life)
    write_kept(tmp_path / "data", KeptConfiguration(1, {"query.limit": "7"}))
    assert run.goes_on(life, Turn.LEAVE)
    assert is_alone(life)
    assert read_kept(tmp_path / "data") == KeptConfiguration()
    assert not run.goes_on(life_in(tmp_path, database=DSN), Turn.LEAVE)


class FakeNode:
    """Starts on its own files alone."""

    def __init__(self, settings: Settings, life: NodeLife) -> None:
        self.is_alone = settings.database.dsn is None
        self.life = life

    async def start(self) -> None:
        if not self.is_alone:
            raise SecretDiffers


async def test_a_node_that_cannot_start_in_its_new_cluster_goes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "Node", FakeNode)
    write_joined(tmp_path / "data", JOINED)
    life = life_in(tmp_path)
    with pytest.raises(SecretDiffers):
        await run.started(life, Turn.STOP)
    assert read_joined(tmp_path / "data") == JOINED
    node: object = await run.started(life, Turn.JOIN)
    assert isinstance(node, FakeNode)
    assert node.is_alone
    assert "cluster_secret differs" in life.refusal
    assert read_joined(tmp_path / "data") is None
    assert not issubclass(SecretDiffers, JoinRefused)
