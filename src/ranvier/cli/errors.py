"""How a command ends when it is not done; each error has an exit code.

CliError
├── NodeRefused    1   the node understood and said no
├── StrangeAnswer  1   what answered is no Ranvier node
├── ImportRefused  1   what is to be imported does not fit what is there
├── NoSuchFigure   1   the node has none of the figures asked for
├── HeadUnknown    1   the node does not say how far a context reaches
├── JoinTakenBack  1   a node was let into a cluster and could not start there
├── SecretUnreadable 1 a file that should hold the cluster secret does not
├── NotShared      1   a setting that nodes could share, and do not
├── NotRendered    1   no file for a balancer could be made, or written
├── WrongUsage     2   what was typed cannot be sent
├── NodeSilent     3   no answer, or one that broke off
├── JoinNotSeen    3   a node that joins does not come back
└── LeaveNotSeen   3   a node that leaves is still there
"""

from __future__ import annotations

from typing import ClassVar

from ranvier.errors import RanvierError


class CliError(RanvierError):
    """A command did not do what it was asked for; the message is one sentence."""

    code: ClassVar[str] = "RANVIER-CLI"
    exit_code: ClassVar[int] = 1
    picture: tuple[str, ...] = ()
    """Lines below the sentence that show what it is about."""


class NodeRefused(CliError):
    """The node refused; its own sentence and code are passed on.

    `position` is the place in the text of a query, counted from 1, where there is one.
    """

    def __init__(self, detail: str, node_code: str = "", position: int | None = None) -> None:
        super().__init__(f"{detail} [{node_code}]" if node_code else detail)
        self.node_code = node_code
        self.position = position if isinstance(position, int) else None


class StrangeAnswer(CliError):
    """Something answered that does not speak like a node."""

    code: ClassVar[str] = "RANVIER-CLI-STRANGE"


class ImportRefused(CliError):
    """A copy of the source cannot be made here without changing something; nothing is repaired."""

    code: ClassVar[str] = "RANVIER-CLI-IMPORT"


class NoSuchFigure(CliError):
    """The node has no figure of this name, or none of this context."""

    code: ClassVar[str] = "RANVIER-CLI-FIGURE"

    def __init__(self, part: str, context: str | None) -> None:
        named = f" with {part!r} in its name" if part else ""
        of_context = "" if context is None else f" of a context {context}"
        super().__init__(
            f"The node has no figure{named}{of_context}: `ranvier metrics` prints all,"
            " `ranvier contexts` the contexts."
        )


class HeadUnknown(CliError):
    """The metrics of the node do not say how far this context reaches."""

    code: ClassVar[str] = "RANVIER-CLI-HEAD"

    def __init__(self) -> None:
        super().__init__("The node does not tell where this context ends; give --from TOKEN.")


class NotRendered(CliError):
    """The node list, or what was asked for, gives no file for this balancer."""

    code: ClassVar[str] = "RANVIER-CLI-BALANCER"


class WrongUsage(CliError):
    """What was typed cannot be sent to any node."""

    code: ClassVar[str] = "RANVIER-CLI-USAGE"
    exit_code: ClassVar[int] = 2


class NotShared(CliError):
    """A setting that could be shared, and is not."""

    code: ClassVar[str] = "RANVIER-CLI-NOT-SHARED"

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} is not set for the cluster: each node's own value counts.")


class NodeSilent(CliError):
    """The node gave no answer, or none to the end."""

    code: ClassVar[str] = "RANVIER-CLI-SILENT"
    retry_may_help: ClassVar[bool] = True
    exit_code: ClassVar[int] = 3


class JoinTakenBack(CliError):
    """The node was let in, could not start there, and goes on alone."""

    code: ClassVar[str] = "RANVIER-CLI-JOIN"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The node could not start in the cluster and goes on alone: {reason}")


class SecretUnreadable(CliError):
    """The file holds nothing that could be a secret."""

    code: ClassVar[str] = "RANVIER-CLI-SECRET"

    def __init__(self, file: str) -> None:
        super().__init__(
            f"The file {file} cannot be read as a cluster secret: it must hold 1 to 1024 visible"
            " ASCII characters without spaces, and nothing else."
        )


class JoinNotSeen(CliError):
    """The node was let in; nobody has seen it since."""

    code: ClassVar[str] = "RANVIER-CLI-JOIN-SILENT"
    retry_may_help: ClassVar[bool] = True
    exit_code: ClassVar[int] = 3

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The node was let in and is not running after {seconds:g} s: its log says why."
        )


class LeaveNotSeen(CliError):
    """The node was told to leave, and is one of the cluster's still."""

    code: ClassVar[str] = "RANVIER-CLI-LEAVE-SILENT"
    retry_may_help: ClassVar[bool] = True
    exit_code: ClassVar[int] = 3

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(
            f"Node {name} was told to leave and is still in the cluster after {seconds:g} s: its"
            " log says why."
        )
