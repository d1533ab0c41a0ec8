from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ranvier.config.errors import BrokenClusterFile, ClusterKeyDiffers, DatabaseNotNamed
from ranvier.config.explain import explain_as_json
from ranvier.config.joined_cluster import (
    JoinedCluster,
    forget_joined,
    read_joined,
    shared_keys,
    write_joined,
)
from ranvier.config.load import LoadedSettings, load_settings
from ranvier.security.secret import Secret

DSN = "postgresql://ranvier:planted-password@db.example/ranvier"
JOINED = JoinedCluster(
    "cluster-1",
    {
        "database": Secret(DSN),
        "cluster_secret": Secret("planted-secret"),
        "access_control": Secret("true"),
        "access_token": Secret("planted-token"),
    },
)


def loaded(folder: Path, **arguments: str) -> LoadedSettings:
    return load_settings(arguments, {}, folder, machine="one.example")


def test_a_node_that_has_joined_nothing_keeps_nothing(tmp_path: Path) -> None:
    assert read_joined(tmp_path) is None
    assert read_joined(tmp_path / "missing") is None
    assert loaded(tmp_path).settings.database.dsn is None


def test_what_is_kept_is_for_the_nodes_own_user_alone(tmp_path: Path) -> None:
    for _ in range(2):
        write_joined(tmp_path / "data", JOINED)
    assert read_joined(tmp_path / "data") == JOINED
    (kept,) = (tmp_path / "data").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    forget_joined(tmp_path / "data")
    assert read_joined(tmp_path / "data") is None
    forget_joined(tmp_path / "data")


def test_the_keys_of_the_cluster_take_the_place_of_defaults(tmp_path: Path) -> None:
    write_joined(tmp_path / "data", JOINED)
    found = loaded(tmp_path, name="two")
    assert found.settings.database.dsn == Secret(DSN)
    assert found.settings.access_control
    assert found.settings.cluster_secret == Secret("planted-secret")
    explained = explain_as_json(found)
    assert "planted" not in explained
    by_key = {each["key"]: each for each in json.loads(explained)["settings"]}
    assert by_key["database"]["origin"] == "the cluster that this node has joined"


def test_a_value_that_is_set_must_be_that_of_the_cluster(tmp_path: Path) -> None:
    write_joined(tmp_path / "data", JOINED)
    assert loaded(tmp_path, database=DSN).settings.database.dsn == Secret(DSN)
    for name, text in (
        ("database", "postgresql://elsewhere/ranvier"),
        ("database", "sqlite:"),
        ("cluster_secret", "another"),
        ("access_control", "false"),
    ):
        with pytest.raises(ClusterKeyDiffers) as refused:
            loaded(tmp_path, **{name: text})
        assert f"{name} (flag" in str(refused.value)
        assert "planted" not in str(refused.value)


def test_a_node_of_a_cluster_does_not_start_on_sqlite(tmp_path: Path) -> None:
    write_joined(tmp_path / "data", JoinedCluster("cluster-1"))
    with pytest.raises(DatabaseNotNamed):
        loaded(tmp_path)
    assert loaded(tmp_path, database=DSN).settings.database.dsn == Secret(DSN)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"clusterId": "c", "keys": []}', "\udcff"])
def test_a_file_that_says_nothing_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cluster.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BrokenClusterFile, match=str(path)):
        read_joined(tmp_path)
    path.write_bytes(b" " * (2 << 20))
    with pytest.raises(BrokenClusterFile):
        read_joined(tmp_path)


def test_a_value_that_only_another_version_takes_is_refused(tmp_path: Path) -> None:
    write_joined(
        tmp_path / "data",
        JoinedCluster("c", {"search": Secret("of another kind"), "of_the_future": Secret("x")}),
    )
    with pytest.raises(ClusterKeyDiffers, match="search"):
        loaded(tmp_path, database=DSN)


def test_all_that_is_set_of_the_cluster_keys_is_shared(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path, database=DSN, access_control="on", access_token="planted-token"
    ).settings
    keys = shared_keys(settings, Secret("planted-secret"))
    assert {name: text.reveal() for name, text in keys.items()} == {
        "access_control": "true",
        "access_token": "planted-token",
        "cluster_secret": "planted-secret",
        "database": DSN,
        "search": "embedded",
    }
    write_joined(tmp_path / "other" / "data", JoinedCluster("c", keys))
    assert loaded(tmp_path / "other").settings.access_token == Secret("planted-token")


def test_what_is_shared_of_a_node_on_sqlite_names_no_server(tmp_path: Path) -> None:
    keys = shared_keys(loaded(tmp_path).settings, Secret("s"))
    assert keys["database"].reveal() == "sqlite:"
