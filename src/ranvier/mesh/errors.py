"""Why two nodes have no link.

MeshError
├── ClusterSecretDiffers   the other side does not know the same cluster secret
├── ClusterSecretMissing   there is none, and the link would leave the machine
├── OtherNode              another node answers at the address than the one that was meant
├── LinkToItself           a node has dialled its own address
├── BrokenLink             what came is no message of a link
└── LinkNotOpen            a call between nodes came on a connection that proved nothing
"""

from __future__ import annotations

from typing import ClassVar, Final

from ranvier.errors import RanvierError

SHOWN_LENGTH: Final = 200
"""Characters of the other side's own text that an error repeats."""


class MeshError(RanvierError):
    """Two nodes could not be linked, or a call between nodes was refused."""

    code: ClassVar[str] = "RANVIER-MESH"
    retry_may_help: ClassVar[bool] = True


class ClusterSecretDiffers(MeshError):
    """A node could not prove that it knows this cluster's secret."""

    code: ClassVar[str] = "RANVIER-CLUSTER-SECRET"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Node {name[:SHOWN_LENGTH]!r} has another cluster secret than this one:"
            " set cluster_secret to the same text on both."
        )


class ClusterSecretMissing(MeshError):
    """Without a cluster secret a link may not leave the machine."""

    code: ClassVar[str] = "RANVIER-CLUSTER-SECRET"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"There is no cluster secret, and {place} is not this machine alone:"
            " set cluster_secret to the same text on all nodes."
        )


class OtherNode(MeshError):
    """Another node answers at the address than the one that was meant."""

    code: ClassVar[str] = "RANVIER-OTHER-NODE"

    def __init__(self, meant: str, found: str) -> None:
        super().__init__(
            f"Where node {meant[:SHOWN_LENGTH]!r} was dialled, {found[:SHOWN_LENGTH]!r} answers:"
            " give each node an internal address of its own."
        )


class LinkToItself(MeshError):
    """A node has dialled its own address."""

    code: ClassVar[str] = "RANVIER-OTHER-NODE"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Node {name[:SHOWN_LENGTH]!r} has dialled itself:"
            " correct the internal host name or port of the node that it meant."
        )


class BrokenLink(MeshError):
    """What came on a link is none of its messages, or none that may come now."""

    code: ClassVar[str] = "RANVIER-BROKEN-MESSAGE"

    def __init__(self, what: str) -> None:
        super().__init__(f"A node sent {what} on its link; both must run versions that fit.")


class LinkNotOpen(MeshError):
    """A call between nodes came on a connection that has proved nothing."""

    code: ClassVar[str] = "RANVIER-CLUSTER-SECRET"

    def __init__(self) -> None:
        super().__init__("Calls between nodes need a link on the same connection: open it first.")
