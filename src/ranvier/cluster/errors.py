"""What a cluster refuses.

DrainError
├── UnknownNode       nobody of that name
├── NodeNotRunning    a node that takes no clients anyway
└── LastReadyNode     the only one that could take them
"""

from __future__ import annotations

from typing import ClassVar

from ranvier.errors import RanvierError


class DrainError(RanvierError):
    """The node goes on as it was."""

    code: ClassVar[str] = "RANVIER-DRAIN"


class UnknownNode(DrainError):
    """No node of the cluster has this name."""

    code: ClassVar[str] = "RANVIER-NO-SUCH-NODE"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no node {name}; `ranvier cluster` lists them all.")


class NodeNotRunning(DrainError):
    """The node does not run, so that there is nothing to drain or to resume."""

    code: ClassVar[str] = "RANVIER-NODE-NOT-RUNNING"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, name: str) -> None:
        super().__init__(f"The node {name} is not running; start it, or leave it as it is.")


class LastReadyNode(DrainError):
    """No other node could take the clients."""

    code: ClassVar[str] = "RANVIER-LAST-READY-NODE"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The node {name} is the only one that is ready, and its clients would have nowhere to"
            " go; start another node first."
        )
