"""What all nodes are told alike: which keys, how it is read, and how it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from ranvier.config.errors import (
    BrokenClusterFile,
    ClusterKeyDiffers,
    InvalidValue,
    NotShared,
    UnknownKey,
)
from ranvier.config.load import load_settings
from ranvier.config.settings import Settings
from ranvier.config.shared_configuration import (
    CONFIGURATION_FILE,
    KeptConfiguration,
    canonical_changes,
    masked,
    read_kept,
    with_shared,
    write_kept,
)
from ranvier.security.secret import Secret


def settings(directory: Path, **flags: str) -> Settings:
    flags = {"data": str(directory), **flags}
    return load_settings(flags, {}, directory, machine="localhost").settings


def test_changes_get_the_full_names_of_their_keys() -> None:
    assert canonical_changes({"queryLimit": "7", "access-token": None}) == {
        "query.limit": "7",
        "access_token": None,
    }


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"query.limi": "7"}, UnknownKey, "did you mean `query.limit`"),
        ({"http_port": "7"}, NotShared, "http_port"),
        ({"database": "sqlite:x"}, NotShared, "database"),
        ({"query.limit": "many"}, InvalidValue, "'many'"),
    ],
)
def test_what_cannot_be_shared_is_refused(
    changes: dict[str, str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        canonical_changes(changes)


def test_a_secret_is_not_shown() -> None:
    with pytest.raises(InvalidValue) as refused:
        canonical_changes({"access_token": "open sesame"})
    assert "sesame" not in str(refused.value)
    assert masked({"access_token": "sesame", "query.limit": "7", "later": "x"}) == {
        "access_token": "***",
        "query.limit": "7",
        "later": "***",
    }
    assert "sesame" not in repr(KeptConfiguration(1, {"access_token": "sesame"}))


def test_shared_values_stand_in_the_place_of_a_nodes_own(tmp_path: Path) -> None:
    own = settings(tmp_path)
    values = {"access_control": "on", "access_token": "sesame", "of_a_later_version": "x"}
    shared = with_shared(own, values)
    assert shared.access_control
    assert shared.access_token == Secret("sesame")
    assert shared.query == own.query
    assert with_shared(own, {}) == own
    assert with_shared(own, {"access_control": "on"}).access_token is None


def test_what_was_in_force_is_kept(tmp_path: Path) -> None:
    assert read_kept(tmp_path / "data") == KeptConfiguration()
    kept = KeptConfiguration(3, {"query.limit": "7", "access_token": "sesame"})
    write_kept(tmp_path, kept)
    write_kept(tmp_path, kept)
    assert read_kept(tmp_path) == kept
    assert (tmp_path / CONFIGURATION_FILE).stat().st_mode & 0o777 == 0o600
    (tmp_path / CONFIGURATION_FILE).write_text("{}")
    with pytest.raises(BrokenClusterFile):
        read_kept(tmp_path)


def test_a_different_value_of_the_nodes_own_is_refused_at_start(tmp_path: Path) -> None:
    write_kept(tmp_path, KeptConfiguration(3, {"query.limit": "7", "access_token": "sesame"}))
    with pytest.raises(ClusterKeyDiffers, match=r"query\.limit"):
        settings(tmp_path, **{"query.limit": "8"})
    assert settings(tmp_path, **{"query.limit": "7"}).query.limit == 7
    assert settings(tmp_path).query.limit == 200, "until the node puts the shared ones over it"
