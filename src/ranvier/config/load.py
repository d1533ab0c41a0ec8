"""Loading the settings of a node from all the places that may say something."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ranvier.config.checks import check_settings, notices_about
from ranvier.config.database_address import DatabaseAddress
from ranvier.config.environment import CONFIG_FILE_VARIABLE, Environment
from ranvier.config.errors import InvalidValue, UnknownKey
from ranvier.config.files import AxonFiles, OwnFiles
from ranvier.config.joined_cluster import JoinedCluster, apply_joined, read_joined
from ranvier.config.keys import Derived, Key, assemble
from ranvier.config.known_names import find_key, nearest
from ranvier.config.origins import Given, Layer, Notice, Origin
from ranvier.config.placeholders import fill_placeholders
from ranvier.config.settings import KEYS, Settings
from ranvier.config.shared_configuration import read_kept, refuse_different


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings, where the value of each key came from, and what was given without effect."""

    settings: Settings
    values: Mapping[str, object]
    origins: Mapping[str, Origin]
    notices: tuple[Notice, ...]

    def within(self, joined: JoinedCluster | None) -> LoadedSettings:
        """Return these settings as those of a node of this cluster; None: of one that stands alone.

        Raises `ConfigError` where they do not go with the cluster's, or with each other.
        """
        values: dict[str, Any] = dict(self.values)
        origins = dict(self.origins)
        if joined is not None:
            apply_joined(joined, values, origins)
        refuse_different(read_kept(values["data"]), values, origins)
        settings = assembled(values, origins)
        check_settings(settings, origins)
        return LoadedSettings(settings, values, origins, (*self.notices, *notices_about(settings)))


def load_settings(
    arguments: Mapping[str, str],
    environment: Mapping[str, str],
    working_directory: Path,
    *,
    config_file: str | None = None,
    machine: str | None = None,
) -> LoadedSettings:
    """Load and check the settings; raise `ConfigError` with one sentence if they do not work.

    `arguments` maps names of keys to what flags said. `machine` is what `hostname` prints.
    """
    sources = _Sources(arguments, environment, working_directory, config_file)
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for key in KEYS:
        value, origins[key.name] = sources.value_of(key, values, machine or socket.gethostname())
        values[key.name] = _in_directory(value, working_directory)
    own = LoadedSettings(assembled(values, origins), values, origins, sources.notices)
    return own.within(read_joined(values["data"]))


def assembled(values: Mapping[str, object], origins: Mapping[str, Origin]) -> Settings:
    """Build the settings from the values of all keys, and note which of these somebody has set."""
    unset = (Layer.DEFAULT, Layer.DERIVED)
    given = frozenset(name for name, origin in origins.items() if origin.layer not in unset)
    return assemble(Settings, {**values, "given": given})


class _Sources:
    """The layers, highest first."""

    def __init__(
        self,
        arguments: Mapping[str, str],
        environment: Mapping[str, str],
        working_directory: Path,
        config_file: str | None,
    ) -> None:
        variables = Environment(environment)
        own_files = OwnFiles(
            working_directory, config_file or environment.get(CONFIG_FILE_VARIABLE) or None
        )
        axon_files = AxonFiles(working_directory)
        self._layers: tuple[Mapping[str, Given], ...] = (
            _flags(arguments),
            variables.own,
            variables.axon,
            own_files.values,
            axon_files.values,
        )
        self._known_to_placeholders = axon_files.texts | dict(environment)
        self.notices = (*variables.notices, *axon_files.notices)

    def value_of(
        self, key: Key, values: Mapping[str, object], machine: str
    ) -> tuple[object, Origin]:
        """Find the value of a key, given those of the keys before it."""
        for layer in self._layers:
            if (given := layer.get(key.name)) is not None:
                return self._read(key, given), given.origin
        if isinstance(key.default, Derived):
            origin = Origin(Layer.DERIVED, f"derived: {key.default.description}")
            return key.default.find(values, machine), origin
        return key.default, Origin(Layer.DEFAULT)

    def _read(self, key: Key, given: Given) -> object:
        kind = given.kind or key.kind
        text = given.text
        if given.origin.layer is Layer.AXON_FILE:
            text = fill_placeholders(given, self._known_to_placeholders)
        try:
            return kind.read(text.strip())
        except ValueError:
            shown = "unusable" if kind.is_secret else repr(text)
            raise InvalidValue(
                f"{key.name} is {shown} ({given.origin}); it must be {kind.expected}.",
                wrong_usage=given.origin.layer is Layer.FLAG,
            ) from None


def _flags(arguments: Mapping[str, str]) -> dict[str, Given]:
    given: dict[str, Given] = {}
    for name, text in arguments.items():
        key = find_key(name)
        if key is None:
            hint = nearest(name, (known.name for known in KEYS))
            raise UnknownKey(f"`{name}` is no setting; {hint}", wrong_usage=True)
        given[key.name] = Given(text, Origin(Layer.FLAG, f"flag {key.flag}"))
    return given


def _in_directory(value: object, working_directory: Path) -> object:
    if isinstance(value, Path):
        return working_directory / value
    if isinstance(value, DatabaseAddress) and value.directory is not None:
        return DatabaseAddress(working_directory / value.directory)
    return value
