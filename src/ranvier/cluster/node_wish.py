"""What one node asks another to do; the other finds it when it looks at the nodes next."""

from __future__ import annotations

from enum import StrEnum


class NodeWish(StrEnum):
    """What a node is asked to do, until it has done it."""

    NONE = ""
    DRAIN = "drain"
    RESUME = "resume"
    LEAVE = "leave"
