"""A key of the configuration, declared in one place and known under several names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Final, TypeVar, get_type_hints

from ranvier.config.kinds import Kind

Value = TypeVar("Value")

AXON_PREFIX: Final = "axoniq.axonserver."


@dataclass(frozen=True, slots=True)
class Derived:
    """A default that is found from the settings before it and the machine's host name."""

    description: str
    find: Callable[[Mapping[str, Any], str], object]


@dataclass(frozen=True, slots=True)
class AxonName:
    """A property that Axon users know the key by, and how it is read where Axon's unit differs."""

    property_name: str
    kind: Kind[object] | None = None

    @property
    def environment(self) -> str:
        """The variable that sets the property, in capitals with underscores."""
        return self.property_name.upper().replace(".", "_").replace("-", "_")


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: its names, its kind of value, its default and a sentence about it."""

    name: str
    kind: Kind[object]
    help: str
    default: object
    axon: tuple[AxonName, ...] = ()
    is_cluster_key: bool = False

    @property
    def flag(self) -> str:
        """The flag of `ranvier start`."""
        return "--" + self.name.replace(".", "-").replace("_", "-")

    @property
    def environment(self) -> str:
        """The variable of our own."""
        return "RANVIER_" + self.name.upper().replace(".", "_")


def setting(
    kind: Kind[Value],
    help: str,  # noqa: A002  # what every option parser calls it
    *,
    default: Value | Derived | None = None,
    axon: tuple[AxonName, ...] = (),
    is_cluster_key: bool = False,
) -> Value:
    """Declare a field of a settings class as a key; the field's name is the key's."""
    declared = Key("", kind, help, default, axon, is_cluster_key)
    # A dataclass finds its field here, a type checker the value that the field will hold.
    return field(metadata={"key": declared})  # type: ignore[no-any-return]  # as the line above says


def axon(suffix: str, kind: Kind[object] | None = None) -> AxonName:
    """Name a property under `axoniq.axonserver.`."""
    return AxonName(AXON_PREFIX + suffix, kind)


def declared_keys(settings_class: type, prefix: str = "") -> Iterator[Key]:
    """Walk a settings class and its sections in order of declaration and give each key its name."""
    types = get_type_hints(settings_class)
    for each in fields(settings_class):
        if declared := each.metadata.get("key"):
            yield Key(
                prefix + each.name,
                declared.kind,
                declared.help,
                declared.default,
                declared.axon,
                declared.is_cluster_key,
            )
        elif is_dataclass(section := types[each.name]) and isinstance(section, type):
            yield from declared_keys(section, f"{prefix}{each.name}.")


def assemble(settings_class: type[Value], values: Mapping[str, object], prefix: str = "") -> Value:
    """Build a settings class and its sections from the values of their keys."""
    types = get_type_hints(settings_class)
    arguments = {
        name: values[prefix + name]
        if prefix + name in values
        else assemble(section, values, f"{prefix}{name}.")
        for name, section in types.items()
    }
    return settings_class(**arguments)


def canonical(name: str) -> str:
    """Reduce the spellings of a name to one: `internal-hostname`, `internalHostname` and so on."""
    return "".join(filter(str.isalnum, name)).lower()
