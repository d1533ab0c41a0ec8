"""What a setting may not say.

ConfigError
├── InvalidValue        a value that its key does not take
├── UnknownKey          a key that nobody knows, with the nearest one that somebody does
├── UnreadableFile      a configuration file that is missing or broken
├── UnsafeBinding       an open door without a lock
├── ContradictorySettings   values that are fine alone and wrong together
├── ClusterKeyDiffers       a value of the node's own that its cluster has otherwise
├── DatabaseNotNamed        a node of a cluster that was told to use SQLite
├── NotShared               a key that each node has for itself
└── BrokenClusterFile       what the node keeps of its cluster cannot be read
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from ranvier.errors import RanvierError


class ConfigError(RanvierError):
    """The node does not start with this configuration; the message is one sentence."""

    code: ClassVar[str] = "RANVIER-CONFIG"

    def __init__(self, message: str, *, wrong_usage: bool = False) -> None:
        super().__init__(message)
        self.wrong_usage = wrong_usage

    @property
    def exit_code(self) -> int:
        """The exit code of a command that ends with it: 2 where its own line is wrong, else 1."""
        return 2 if self.wrong_usage else 1


class InvalidValue(ConfigError):
    """A value that its key does not take."""

    code: ClassVar[str] = "RANVIER-CONFIG-VALUE"


class UnknownKey(ConfigError):
    """A key that does not exist."""

    code: ClassVar[str] = "RANVIER-CONFIG-KEY"


class UnreadableFile(ConfigError):
    """A configuration file that is missing or cannot be understood."""

    code: ClassVar[str] = "RANVIER-CONFIG-FILE"


class UnsafeBinding(ConfigError):
    """An address that others reach, while access control is off."""

    code: ClassVar[str] = "RANVIER-CONFIG-BIND"


class ContradictorySettings(ConfigError):
    """Values that are fine alone and wrong together."""

    code: ClassVar[str] = "RANVIER-CONFIG-TOGETHER"


class ClusterKeyDiffers(ConfigError):
    """All nodes of a cluster share this key, and this one was told something else."""

    code: ClassVar[str] = "RANVIER-CLUSTER-KEY-DIFFERS"

    def __init__(self, key: str, origin: str) -> None:
        super().__init__(
            f"{key} ({origin}) differs from what the cluster of this node shares: remove it here,"
            " or unregister the node first (`ranvier unregister-node`)."
        )


class DatabaseNotNamed(ConfigError):
    """A node of a cluster would start on a database of its own, and seem empty."""

    code: ClassVar[str] = "RANVIER-DATABASE-NOT-NAMED"

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"database ({origin}) is SQLite, and this node belongs to a cluster: give the address"
            " of its PostgreSQL, or remove cluster.json from the data directory to stand alone."
        )


class NotShared(ConfigError):
    """A key that cannot be set for all nodes at once."""

    code: ClassVar[str] = "RANVIER-CONFIG-NOT-SHARED"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"{key} is not set for a running cluster: set it in the settings of each node, and"
            " start them one after the other."
        )


class BrokenClusterFile(ConfigError):
    """The file is there and says nothing that could be used."""

    code: ClassVar[str] = "RANVIER-CLUSTER-FILE"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} cannot be read: correct its owner and rights, or remove it and register the"
            " node again."
        )
