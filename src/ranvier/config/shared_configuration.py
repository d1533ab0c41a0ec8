"""The keys that all nodes of a cluster may be told alike while they run, and what they are told.

A revision in force is kept in the data directory of each node, where the next start finds it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ranvier.config.checks import check_settings
from ranvier.config.errors import (
    BrokenClusterFile,
    ClusterKeyDiffers,
    InvalidValue,
    NotShared,
    UnknownKey,
)
from ranvier.config.joined_cluster import sync_directory
from ranvier.config.keys import Key, assemble
from ranvier.config.known_names import find_key, nearest
from ranvier.config.origins import Layer, Origin
from ranvier.config.settings import KEYS, Settings

CONFIGURATION_FILE: Final = "cluster-configuration.json"
"""Stands in the data directory, readable by the node's own user alone."""

LIVE: Final = frozenset(
    {
        "access_control",
        "access_token",
        "heartbeat.enabled",
        "heartbeat.interval_seconds",
        "heartbeat.timeout_seconds",
        "query.limit",
        "query.timeout_seconds",
        "sessions.absolute_seconds",
        "sessions.idle_seconds",
        "sessions.touch_seconds",
    }
)
"""Keys that every node takes over at once."""

AT_START: Final = frozenset(key.name for key in KEYS if key.name.startswith("limits."))
"""Keys that count from the next start of each node on."""


@dataclass(frozen=True, slots=True)
class KeptConfiguration:
    """The last revision that was in force here, with texts as a file would have them."""

    revision: int = 0
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


def shared_key(name: str) -> Key:
    """Return the key of a name, if it may be shared; raises `UnknownKey` or `NotShared`."""
    key = find_key(name)
    if key is None:
        hint = nearest(name, sorted(LIVE | AT_START))
        raise UnknownKey(f"`{name}` is no setting; {hint}")
    if key.name not in LIVE | AT_START:
        raise NotShared(key.name)
    return key


def canonical_changes(changes: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return changes under the full names of their keys, each readable.

    Raises `UnknownKey`, `NotShared` or `InvalidValue`.
    """
    named = {shared_key(name): text for name, text in changes.items()}
    for key, text in named.items():
        if text is not None:
            read_value(key, text)
    return {key.name: text for key, text in named.items()}


def read_value(key: Key, text: str) -> object:
    """Read the value of a key; raises `InvalidValue`, which shows no secret."""
    try:
        return key.kind.read(text.strip())
    except ValueError:
        shown = "unusable" if key.kind.is_secret else repr(text)
        raise InvalidValue(f"{key.name} is {shown}; it must be {key.kind.expected}.") from None


def masked(values: Mapping[str, str]) -> dict[str, str]:
    """Return values as they may be shown."""
    return {
        name: "***" if (key := find_key(name)) is None or key.kind.is_secret else text
        for name, text in values.items()
    }


def with_shared(settings: Settings, values: Mapping[str, str]) -> Settings:
    """Return a node's own settings with what the cluster shares in their place.

    What only another version knows is left alone. Raises `ConfigError` where they do not go
    together on this node.
    """
    own = {key.name: value_of(settings, key.name) for key in KEYS}
    own |= {key.name: read_value(key, text) for key, text in _known(values)}
    shared = assemble(Settings, {**own, "given": settings.given | values.keys()})
    check_settings(shared, {key.name: Origin(Layer.CLUSTER) for key in KEYS})
    return shared


def value_of(settings: Settings, name: str) -> Any:
    """Return the value of a key by its full name."""
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value


def refuse_different(
    kept: KeptConfiguration, values: Mapping[str, object], origins: Mapping[str, Origin]
) -> None:
    """Raise `ClusterKeyDiffers` for a value of the node's own that the cluster has otherwise."""
    for key, text in _known(kept.values):
        is_own = origins[key.name].layer not in (Layer.DEFAULT, Layer.DERIVED, Layer.CLUSTER)
        if is_own and values[key.name] != read_value(key, text):
            raise ClusterKeyDiffers(key.name, str(origins[key.name]))


def read_kept(directory: Path) -> KeptConfiguration:
    """Read the last revision that was in force here; raises `BrokenClusterFile`."""
    path = directory / CONFIGURATION_FILE
    try:
        said = json.loads(path.read_text("utf-8"))
        values = {str(name): str(text) for name, text in said["values"].items()}
        return KeptConfiguration(int(said["revision"]), values)
    except (FileNotFoundError, NotADirectoryError):
        return KeptConfiguration()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BrokenClusterFile(path) from None


def write_kept(directory: Path, kept: KeptConfiguration) -> None:
    """Keep a revision, whole or not at all; raises `OSError`."""
    text = json.dumps({"revision": kept.revision, "values": dict(kept.values)}, indent=2)
    draft = directory / f"{CONFIGURATION_FILE}.new"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, f"{text}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(directory / CONFIGURATION_FILE)
    sync_directory(directory)


def forget_kept(directory: Path) -> None:
    """Forget what was in force, in a cluster that the node is not in any more."""
    (directory / CONFIGURATION_FILE).unlink(missing_ok=True)


def _known(values: Mapping[str, str]) -> Iterator[tuple[Key, str]]:
    for name, text in values.items():
        key = find_key(name)
        if key is not None and key.name in LIVE | AT_START:
            yield key, text
