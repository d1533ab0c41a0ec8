"""What cannot be rendered; each message names what to change.

BalancerError
├── UnusableNode     a node that no file of a balancer can name
├── NodeLacks        a node without what this balancer needs of it
├── CannotRender     this balancer cannot do what was asked for
└── UnusableOption   an option that says nothing that a file could hold
"""

from __future__ import annotations

from typing import ClassVar

from ranvier.errors import RanvierError


class BalancerError(RanvierError):
    """No file was made."""

    code: ClassVar[str] = "RANVIER-BALANCER"


class UnusableNode(BalancerError):
    """The node list holds something that must not get into a file of a balancer."""

    code: ClassVar[str] = "RANVIER-BALANCER-NODE"


class NodeLacks(BalancerError):
    """A node does not offer what this balancer connects to."""

    code: ClassVar[str] = "RANVIER-BALANCER-LACKS"


class CannotRender(BalancerError):
    """This balancer has no way to do it."""

    code: ClassVar[str] = "RANVIER-BALANCER-CANNOT"


class UnusableOption(BalancerError):
    """An option has a value of another form than it must have."""

    code: ClassVar[str] = "RANVIER-BALANCER-OPTION"
