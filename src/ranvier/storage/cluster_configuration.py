"""The port of the configuration that all nodes share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ranvier.cluster.configuration import ConfigurationRevision


@dataclass(frozen=True, slots=True)
class ConfigurationLook:
    """The revision in force, and the one that nodes are asked about, if there is one."""

    in_force: ConfigurationRevision
    proposed: ConfigurationRevision | None


class ClusterConfiguration(Protocol):
    """Revisions, and what nodes have said of them."""

    async def look(self) -> ConfigurationLook:
        """See what is in force and what is proposed, as of one moment."""
        ...

    async def propose(self, revision: ConfigurationRevision) -> ConfigurationRevision | None:
        """Keep a revision under the next number, for the nodes to look at.

        None when what it replaces is not in force any more, or another one is proposed already.
        """
        ...

    async def judge(self, number: int, node_id: str, refusal: str) -> None:
        """Say for a node what it thinks of a revision; an empty refusal is agreement."""
        ...

    async def verdicts(self, number: int) -> Mapping[str, str]:
        """What nodes have said of a revision, by their ids."""
        ...

    async def decide(self, number: int, refusal: str) -> bool:
        """Accept a proposed revision, or refuse it for a reason; False: that was done already."""
        ...

    async def history(self, limit: int) -> Sequence[ConfigurationRevision]:
        """The latest revisions, the newest first; those that were refused among them."""
        ...
