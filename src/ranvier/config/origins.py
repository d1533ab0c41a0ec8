"""Where the value of a key came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ranvier.config.kinds import Kind


class Layer(Enum):
    """The places that may give a value, highest first."""

    FLAG = "flag"
    RANVIER_VARIABLE = "RANVIER_ variable"
    AXON_VARIABLE = "AXONIQ_AXONSERVER_ variable"
    RANVIER_FILE = "ranvier.yaml"
    AXON_FILE = "Axon Server file"
    CLUSTER = "the cluster that this node has joined"
    DERIVED = "derived"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """One such place, exactly: the flag, the variable, or the name in the file."""

    layer: Layer
    place: str = ""

    def __str__(self) -> str:
        return self.place or self.layer.value


@dataclass(frozen=True, slots=True)
class Given:
    """What a place says, not yet read as a value; `kind` is set where Axon's unit differs."""

    text: str
    origin: Origin
    kind: Kind[object] | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that was given and has no effect, with a sentence that says why."""

    subject: str
    sentence: str
