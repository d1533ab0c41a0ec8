"""What a node keeps of the cluster that it has joined, and how that goes with its own settings."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ranvier.config.database_address import DatabaseAddress
from ranvier.config.errors import BrokenClusterFile, ClusterKeyDiffers, DatabaseNotNamed
from ranvier.config.keys import Key
from ranvier.config.origins import Layer, Origin
from ranvier.config.settings import KEYS, Settings
from ranvier.security.secret import Secret

CLUSTER_FILE: Final = "cluster.json"
"""Stands in the data directory, readable by the node's own user alone."""

ONE_MEGABYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class JoinedCluster:
    """A cluster, and the cluster keys that it has given the node, as they stand in files."""

    cluster_id: str
    keys: Mapping[str, Secret] = field(default_factory=dict)
    """By name. All are masked, for some are secrets."""


def read_joined(directory: Path) -> JoinedCluster | None:
    """Read what a data directory keeps; None where the node has joined no cluster.

    Raises `BrokenClusterFile`.
    """
    path = directory / CLUSTER_FILE
    try:
        if path.stat().st_size > ONE_MEGABYTE:
            raise BrokenClusterFile(path)
        said = json.loads(path.read_text("utf-8"))
        keys = {str(name): Secret(str(text)) for name, text in said["keys"].items()}
        return JoinedCluster(str(said["clusterId"]), keys)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BrokenClusterFile(path) from None


def write_joined(directory: Path, joined: JoinedCluster) -> None:
    """Keep a cluster in a data directory, whole or not at all; raises `OSError`."""
    keys = {name: text.reveal() for name, text in joined.keys.items()}
    text = json.dumps({"clusterId": joined.cluster_id, "keys": keys}, indent=2)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = directory / f"{CLUSTER_FILE}.new"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, f"{text}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(directory / CLUSTER_FILE)
    sync_directory(directory)


def forget_joined(directory: Path) -> None:
    """Forget the cluster: the node stands alone from its next start on.

    Raises `OSError`.
    """
    (directory / CLUSTER_FILE).unlink(missing_ok=True)
    sync_directory(directory)


def sync_directory(directory: Path) -> None:
    """Let what was renamed or removed stay so over a power failure."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def shared_keys(settings: Settings, secret: Secret) -> dict[str, Secret]:
    """Return what a node hands to one that joins: every cluster key that has a value."""
    own = {key.name: getattr(settings, key.name) for key in KEYS if key.is_cluster_key}
    own["cluster_secret"] = secret
    return {name: Secret(as_text(value)) for name, value in own.items() if value is not None}


def as_text(value: object) -> str:
    """Write a value as a configuration file would have it."""
    if isinstance(value, DatabaseAddress):
        return str(value) if value.dsn is None else value.dsn.reveal()
    if isinstance(value, Secret):
        return value.reveal()
    return str(value).lower() if isinstance(value, bool) else str(value)


def apply_joined(joined: JoinedCluster, values: dict[str, Any], origins: dict[str, Origin]) -> None:
    """Put the cluster's keys in the place of defaults; a value that was set must be the same.

    Raises `ClusterKeyDiffers` or `DatabaseNotNamed`.
    """
    for key, value in _given(joined):
        if origins[key.name].layer in (Layer.DEFAULT, Layer.DERIVED):
            values[key.name] = value
            origins[key.name] = Origin(Layer.CLUSTER)
        elif values[key.name] != value:
            raise ClusterKeyDiffers(key.name, str(origins[key.name]))
    if values["database"].dsn is None:
        raise DatabaseNotNamed(str(origins["database"]))


def _given(joined: JoinedCluster) -> Iterator[tuple[Key, object]]:
    for key in KEYS:
        # What only another version knows is left alone, in either direction.
        if key.is_cluster_key and key.name in joined.keys:
            try:
                yield key, key.kind.read(joined.keys[key.name].reveal())
            except ValueError:
                raise ClusterKeyDiffers(key.name, "this program") from None
