"""Why a node, or a command that works on its files, does not start.

NodeError
├── PortUnavailable      an address that cannot be listened on
├── DatabaseMissing      a data directory without a database
├── NodeIdUnreadable     a file node-id that holds something else
└── FileUnreadable       a file that a command is to look at, and cannot
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from ranvier.errors import RanvierError


class NodeError(RanvierError):
    """The node does not start; the message is one sentence."""

    code: ClassVar[str] = "RANVIER-NODE"


class PortUnavailable(NodeError):
    """An address that the node cannot listen on."""

    code: ClassVar[str] = "RANVIER-NODE-PORT"

    def __init__(self, key: str, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"{key}: cannot listen on {host}:{port} ({reason}); choose another port or 0 for any."
        )


class DatabaseMissing(NodeError):
    """A data directory in which no node has stored anything."""

    code: ClassVar[str] = "RANVIER-NODE-DATABASE"

    def __init__(self, path: Path) -> None:
        super().__init__(f"There is no database {path}; give its directory by --data.")


class NodeIdUnreadable(NodeError):
    """The file in which a node keeps its id holds something else."""

    code: ClassVar[str] = "RANVIER-NODE-ID"

    def __init__(self, path: Path) -> None:
        super().__init__(f"data: {path} holds no node id; remove it, and the node gets a new one.")


class FileUnreadable(NodeError):
    """A file that was named on the command line."""

    code: ClassVar[str] = "RANVIER-NODE-FILE"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"The file {file!a} cannot be read: {reason}.")
