"""Why a node does not join a cluster, does not start in it, or does not leave it.

JoinRefused               a node does not join
├── NodeInUse             it holds something that would be left behind
├── InOtherCluster        it belongs to another cluster
├── JoinsItself           it was told to join itself
├── NodeOnSqlite          the other node has no database to share
├── NameTaken             another node of that name is there
├── ProofMissing          neither secret nor token, and not on one machine
├── ProofWrong            a secret that differs, or no token of this cluster
├── TokenExpired          a token that was valid once
├── TokenUsed             a token that another node has joined with
├── ClusterUnproven       the other side did not prove that it knows the secret
├── NobodyAnswers         no node of a cluster is where it should be
├── AnswerNotUnderstood   something answers there, and it is no node of a cluster
├── DatabaseUnreachable   what all nodes share cannot be reached from this one
├── JoinUnderWay          it is about to join already
├── OtherProtocol         the two programs do not understand each other
├── TooManyTokens         more join tokens than anybody needs
└── TooManyJoins          more at one time than a node looks at

NotOfThisCluster          a node does not start on the database of a cluster
├── SecretDiffers         it was told another cluster secret
├── SecretNotGiven        it was told none
└── OtherClusterDatabase  it belongs to another cluster

LeaveRefused              a node is not taken out of the cluster
├── LastNode              nobody would be left
├── NotInCluster          it stands alone
└── LeaveContended        it starts again and again
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ranvier.errors import RanvierError


class JoinRefused(RanvierError):
    """The node does not join and goes on as it was."""

    code: ClassVar[str] = "RANVIER-JOIN"

    @classmethod
    def told(cls, code: str, sentence: str) -> JoinRefused:
        """Return the refusal that another node has told, in its own words."""
        kinds = {kind.code: kind for kind in cls.__subclasses__()}
        kind = kinds.get(code, JoinRefused)
        return kind.__new__(kind, sentence)


class NodeInUse(JoinRefused):
    """A node that joins would leave behind what it holds."""

    code: ClassVar[str] = "RANVIER-NODE-IN-USE"

    def __init__(self, name: str, held: Sequence[str]) -> None:
        super().__init__(
            f"Node {name} holds {' and '.join(held)}, which it would leave behind: only an empty"
            " node joins; give it another data directory, or delete what nobody needs."
        )


class InOtherCluster(JoinRefused):
    """A node belongs to one cluster at most."""

    code: ClassVar[str] = "RANVIER-IN-OTHER-CLUSTER"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Node {name} belongs to another cluster: unregister it there first"
            f" (`ranvier unregister-node -n {name}` and -S with a node there), or start it with"
            " another --data."
        )


class JoinsItself(JoinRefused):
    """The node to add and the node in the cluster are one."""

    code: ClassVar[str] = "RANVIER-JOINS-ITSELF"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Node {name} cannot join itself: give the node to add by -S and a node in the cluster"
            " by -h and -p; a node with a copied data directory needs one of its own."
        )


class NodeOnSqlite(JoinRefused):
    """A cluster shares a PostgreSQL, and the node in it has none."""

    code: ClassVar[str] = "RANVIER-NODE-ON-SQLITE"

    def __init__(self, name: str, directory: str) -> None:
        super().__init__(
            f"Node {name} keeps its data in SQLite, which one node alone can use: stop it, run"
            f" `ranvier database copy --data {directory} --to"
            " postgresql://USER@HOST/DATABASE`, start it with that database, and register again."
        )


class NameTaken(JoinRefused):
    """Two nodes of one name would be one to everybody else."""

    code: ClassVar[str] = "RANVIER-NAME-TAKEN"

    def __init__(self, name: str, *, is_alive: bool) -> None:
        remedy = (
            "is running: give this one another name"
            if is_alive
            else "is in the cluster and down: prove this one by the cluster secret to let it take"
            f" that place, or run `ranvier unregister-node -n {name}`"
        )
        super().__init__(f"A node named {name} {remedy}.")


class ProofMissing(JoinRefused):
    """Nothing is handed to a stranger."""

    code: ClassVar[str] = "RANVIER-PROOF-MISSING"

    def __init__(self) -> None:
        super().__init__(
            "The node brought no proof that it may join: give --join-token (from `ranvier"
            " join-token`) or --secret-file; only nodes that both listen on loopback need none."
        )


class ProofWrong(JoinRefused):
    """The proof is not that of this cluster."""

    code: ClassVar[str] = "RANVIER-PROOF-WRONG"

    def __init__(self, what: str) -> None:
        super().__init__(f"The {what} is not one of this cluster: check it, or make a join token.")


class TokenExpired(JoinRefused):
    """A join token is valid for 15 minutes."""

    code: ClassVar[str] = "RANVIER-TOKEN-EXPIRED"

    def __init__(self) -> None:
        super().__init__("The join token has expired: make a new one by `ranvier join-token`.")


class TokenUsed(JoinRefused):
    """A join token is for one node."""

    code: ClassVar[str] = "RANVIER-TOKEN-USED"

    def __init__(self) -> None:
        super().__init__(
            "Another node has joined with this token: make a new one by `ranvier join-token`."
        )


class ClusterUnproven(JoinRefused):
    """Whatever answered does not know the secret or the token, so nothing of it is believed."""

    code: ClassVar[str] = "RANVIER-CLUSTER-UNPROVEN"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"What answers at {place} does not know the secret or token that was given: check -h"
            " and -p."
        )


class OtherProtocol(JoinRefused):
    """The two nodes speak of joining in different ways."""

    code: ClassVar[str] = "RANVIER-OTHER-PROTOCOL"

    def __init__(self, ours: int, theirs: int) -> None:
        super().__init__(
            f"The node that asks joins by protocol {theirs}, this one knows {ours}: bring both to"
            " the same version."
        )


class NobodyAnswers(JoinRefused):
    """No connection, or one that broke off."""

    code: ClassVar[str] = "RANVIER-JOIN-NO-ANSWER"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"No node of a cluster answers at {place} ({reason}): give host and internal port of"
            " one that runs by -h and -p."
        )


class AnswerNotUnderstood(JoinRefused):
    """What answers does not speak as a node of a cluster would."""

    code: ClassVar[str] = "RANVIER-JOIN-ANSWER"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"What answers at {place} is no node that could be joined: give its internal port by"
            " -p, and bring both nodes to the same version."
        )


class DatabaseUnreachable(JoinRefused):
    """The node has been let in, and could not work there."""

    code: ClassVar[str] = "RANVIER-JOIN-DATABASE"
    retry_may_help: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__(
            "The database of the cluster cannot be used from this node: see that its address is"
            " one that all machines of the cluster reach, and that it lets this one in."
        )


class JoinUnderWay(JoinRefused):
    """One join after the other."""

    code: ClassVar[str] = "RANVIER-JOIN-UNDER-WAY"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, name: str) -> None:
        super().__init__(f"Node {name} is about to join a cluster: see what becomes of that first.")


class TooManyTokens(JoinRefused):
    """A join token is made by hand, for a node that is about to join."""

    code: ClassVar[str] = "RANVIER-TOO-MANY-TOKENS"
    retry_may_help: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("Too many join tokens are open: use them, or wait until they expire.")


class TooManyJoins(JoinRefused):
    """The node looks at a few joins at a time, so that those of strangers cost nothing."""

    code: ClassVar[str] = "RANVIER-TOO-MANY-JOINS"
    retry_may_help: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("Too many nodes ask to join at this moment: try again in a few seconds.")


class NotOfThisCluster(RanvierError):
    """The node does not start on the database of this cluster."""

    code: ClassVar[str] = "RANVIER-NOT-OF-THIS-CLUSTER"


class SecretDiffers(NotOfThisCluster):
    """The node was told another secret than the one that the cluster has."""

    code: ClassVar[str] = "RANVIER-SECRET-DIFFERS"

    def __init__(self) -> None:
        super().__init__(
            "cluster_secret differs from that of the cluster whose database this is: give the same"
            " one as its other nodes."
        )


class SecretNotGiven(NotOfThisCluster):
    """The address of a database alone makes nobody a node."""

    code: ClassVar[str] = "RANVIER-SECRET-NOT-GIVEN"

    def __init__(self) -> None:
        super().__init__(
            "The database belongs to a cluster already, and this node has no proof that it may"
            " join: set cluster_secret to that of its other nodes."
        )


class OtherClusterDatabase(NotOfThisCluster):
    """The node would change clusters without being asked to."""

    code: ClassVar[str] = "RANVIER-OTHER-CLUSTER-DATABASE"

    def __init__(self) -> None:
        super().__init__(
            "The database does not belong to the cluster that this node is in: give the address of"
            " the right one, or remove cluster.json from the data directory to change clusters."
        )


class LeaveRefused(RanvierError):
    """The node stays in the cluster."""

    code: ClassVar[str] = "RANVIER-LEAVE"


class LastNode(LeaveRefused):
    """With the last node, the cluster would go."""

    code: ClassVar[str] = "RANVIER-LAST-NODE"

    def __init__(self, name: str) -> None:
        super().__init__(f"Node {name} is the last one that runs: stop it, its data stays.")


class NotInCluster(LeaveRefused):
    """There is nothing that the node could leave."""

    code: ClassVar[str] = "RANVIER-NOT-IN-CLUSTER"

    def __init__(self, name: str) -> None:
        super().__init__(f"Node {name} stands alone and is in no cluster.")


class LeaveContended(LeaveRefused):
    """The node took its place anew each time that it was to be removed."""

    code: ClassVar[str] = "RANVIER-LEAVE-CONTENDED"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, name: str) -> None:
        super().__init__(f"Node {name} is starting at this moment: try again when it runs.")
