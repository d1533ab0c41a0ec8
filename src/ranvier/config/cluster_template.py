"""Reading a cluster template, the file by which Axon users describe a whole cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ranvier.config.errors import UnreadableFile
from ranvier.config.first_start_settings import NodePlace, read_names, read_place
from ranvier.config.yaml_file import read_yaml

SECTIONS: Final = ("axoniq", "axonserver", "clusterTemplate")
"""Where everything may stand in a file that holds other settings, too."""

WITHOUT_EFFECT: Final = {
    "applications": "applications",
    "users": "users",
    "roles": "roles of nodes, since every node serves every context",
}


@dataclass(frozen=True, slots=True)
class TemplateContext:
    """A context that shall be there."""

    name: str
    is_dcb: bool | None = None
    """None where the file does not say it."""
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClusterTemplate:
    """What of a template means something here, and what was found in it that does not."""

    first: NodePlace | None = None
    contexts: tuple[TemplateContext, ...] = ()
    without_effect: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Name what has no effect; empty where that is nothing."""
        if not self.without_effect:
            return ""
        return f"The cluster template names {', '.join(self.without_effect)}: without effect here."


def read_template(path: Path) -> ClusterTemplate:
    """Read a template; raises `UnreadableFile`."""
    content = read_yaml(path)
    try:
        for section in SECTIONS:
            content = value_of(content, section, content)
        groups = list(items(value_of(content, "replicationGroups", [])))
        first = value_of(content, "first", None)
        found = {name for each in (content, *groups) for name in WITHOUT_EFFECT if has(each, name)}
        return ClusterTemplate(
            None if first is None else read_place(str(first)),
            tuple(context for group in groups for context in contexts_of(group)),
            tuple(words for name, words in WITHOUT_EFFECT.items() if name in found),
        )
    except (ValueError, TypeError, AttributeError):
        raise UnreadableFile(
            f"{path} is no cluster template: it holds `first` and `replicationGroups` with"
            " `contexts`."
        ) from None


def contexts_of(group: Mapping[str, Any]) -> Iterator[TemplateContext]:
    """Yield the contexts of a group; those of the node itself are not to be made."""
    for each in items(value_of(group, "contexts", [])):
        (name,) = read_names(str(value_of(each, "name", "")))
        if name.startswith("_"):
            continue
        dcb = value_of(each, "dcbContext", None)
        given = value_of(each, "metaData", {})
        properties = {str(key): str(value) for key, value in dict(given or {}).items()}
        yield TemplateContext(name, None if dcb is None else str(dcb) == "true", properties)


def value_of(section: Mapping[str, Any], name: str, otherwise: Any) -> Any:
    """Return a value under its name, also where it is spelled with dashes."""
    for key, value in section.items():
        if str(key).replace("-", "").lower() == name.lower() and value is not None:
            return value
    return otherwise


def has(section: Mapping[str, Any], name: str) -> bool:
    """Tell whether a section says something under a name."""
    return bool(value_of(section, name, None))


def items(value: object) -> list[Any]:
    """Return a list as it is; raises `TypeError` for anything else."""
    if not isinstance(value, list):
        raise TypeError(value)
    return value
