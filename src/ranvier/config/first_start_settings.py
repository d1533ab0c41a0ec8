"""What a node does by itself on its first start, as Axon users have written it down."""
# ruff: noqa: RUF009  # `setting` is how this package spells `dataclasses.field`

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ranvier.config.host_names import is_host
from ranvier.config.keys import axon, setting
from ranvier.config.kinds import PATH, Kind

INTERNAL_PORT: Final = 8224

CONTEXTS_MOST: Final = 1_000
"""More than anybody writes into one line."""


@dataclass(frozen=True, slots=True)
class NodePlace:
    """Where another node takes the calls of nodes."""

    host: str
    port: int = INTERNAL_PORT

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def read_place(text: str) -> NodePlace:
    """Read a host, or a host and a port; raises `ValueError`."""
    host, colon, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
    if not is_host(host) or (colon and not 0 < int(port) < 65_536):
        raise ValueError(text)
    return NodePlace(host, int(port)) if colon else NodePlace(host)


def read_names(text: str) -> tuple[str, ...]:
    """Read names of contexts with commas between them; raises `ValueError`."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    pattern = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,254}")
    if len(names) > CONTEXTS_MOST or not all(map(pattern.fullmatch, names)):
        raise ValueError(text)
    return names


PLACE: Final = Kind("a host name or an IP address, with `:` and a port if not 8224", read_place)
NAMES: Final = Kind("names of contexts with commas between them", read_names)


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoclusterSettings:
    """Read once, on the first start of a node whose database is empty."""

    first: NodePlace | None = setting(
        PLACE,
        "node whose cluster this one joins; one that names itself is the first",
        axon=(axon("autocluster.first"),),
    )
    contexts: tuple[str, ...] = setting(
        NAMES,
        "contexts that the first node creates",
        default=(),
        axon=(axon("autocluster.contexts"),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTemplateSettings:
    """The same as a file, read once as well; a file that is not there asks for nothing."""

    path: Path = setting(
        PATH,
        "cluster template file",
        default=Path("cluster-template.yml"),
        axon=(axon("clustertemplate.path"),),
    )
