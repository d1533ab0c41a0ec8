"""Joining: a token is good for one node, and a name is taken from nobody who lives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Admission:
    """A node that was let in because it brought a token."""

    token: str
    node_id: str
    is_expired: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A name that went from one node to another."""

    name: str
    former: str
    node_id: str
    silent_seconds: float
    """For how long the former one had not shown itself."""


def joining_faults(
    admissions: Iterable[Admission], taken: Iterable[Taken], alive_seconds: float
) -> Iterator[str]:
    """Yield tokens that let two nodes in, and names that were taken from nodes that lived.

    A node that has shown itself within `alive_seconds` lives.
    """
    used_by: dict[str, str] = {}
    for admission in admissions:
        first = used_by.setdefault(admission.token, admission.node_id)
        if first != admission.node_id:
            yield f"{admission.token} has let in {first} and {admission.node_id}"
        if admission.is_expired:
            yield f"{admission.token} has let in {admission.node_id} after its time"
    for each in taken:
        if each.silent_seconds < alive_seconds:
            yield f"{each.node_id} has taken the name {each.name} from {each.former}, which lives"
