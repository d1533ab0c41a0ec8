"""Whether a node may use the database of a cluster, by what both know when it starts."""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.cluster.joining.errors import (
    NotOfThisCluster,
    OtherClusterDatabase,
    SecretDiffers,
    SecretNotGiven,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """What a node was told, against what its database says."""

    is_new: bool
    """The database belonged to no cluster until now."""
    is_expected: bool
    """It is the cluster that the node was in before, or the node was in none."""
    has_secret: bool
    is_secret_right: bool
    is_on_loopback: bool
    """The node's internal port is open to its own machine alone."""


def refuse_belonging(belonging: Belonging) -> NotOfThisCluster | None:
    """Say why a node does not start on this database."""
    if not belonging.is_expected:
        return OtherClusterDatabase()
    if belonging.has_secret:
        return None if belonging.is_secret_right else SecretDiffers()
    if belonging.is_new or belonging.is_on_loopback:
        return None
    return SecretNotGiven()
