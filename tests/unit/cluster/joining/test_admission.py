from __future__ import annotations

from dataclasses import replace

import pytest

from ranvier.cluster.joining.admission import (
    PROTOCOL,
    Asked,
    Asking,
    Candidate,
    HeldContext,
    KnownNode,
    Offered,
    ProofKind,
    TokenState,
    refuse_candidate,
    refuse_greeting,
    refuse_node,
    refuse_proof,
)
from ranvier.cluster.joining.errors import (
    InOtherCluster,
    JoinRefused,
    JoinsItself,
    NameTaken,
    NodeInUse,
    NodeOnSqlite,
    OtherProtocol,
    ProofMissing,
    ProofWrong,
    TokenExpired,
    TokenUsed,
    TooManyJoins,
)

FRESH = Candidate("b", (HeldContext("default", is_empty=True),), None)
ASKING = Asking("id-b", "b", proof=ProofKind.SECRET)
ASKED = Asked("id-a", "a", None, (KnownNode("id-a", "a", is_alive=True),))


def test_a_fresh_node_may_ask_and_needs_no_context() -> None:
    assert refuse_candidate(FRESH, "default") is None
    assert refuse_candidate(replace(FRESH, contexts=()), "default") is None


@pytest.mark.parametrize(
    ("contexts", "held"),
    [
        ([("default", False)], "holds events in context default, which"),
        ([("default", False), ("b", False)], "events in contexts b, default, which"),
        ([("default", True), ("orders", True)], "holds context orders, which"),
        ([("default", False), ("x", True)], "events in context default and context x, which"),
        ([(name, False) for name in "abcde"], "events in contexts a, b, c and 2 more, which"),
    ],
)
def test_a_node_leaves_nothing_behind(contexts: list[tuple[str, bool]], held: str) -> None:
    candidate = replace(FRESH, contexts=[HeldContext(*each) for each in contexts])
    refusal = refuse_candidate(candidate, "default")
    assert isinstance(refusal, NodeInUse)
    assert held in str(refusal)


def test_a_node_is_in_one_cluster_at_most() -> None:
    refusal = refuse_candidate(replace(FRESH, cluster_id="elsewhere"), "default")
    assert isinstance(refusal, InOtherCluster)


def test_a_greeting_is_judged_before_any_proof() -> None:
    assert refuse_greeting(ASKING, ASKED, is_one_machine=False) is None
    other = replace(ASKING, protocol=PROTOCOL + 1)
    assert isinstance(refuse_greeting(other, ASKED, is_one_machine=True), OtherProtocol)
    itself = replace(ASKING, node_id="id-a")
    assert isinstance(refuse_greeting(itself, ASKED, is_one_machine=True), JoinsItself)


def test_without_proof_only_one_machine_is_believed() -> None:
    bare = replace(ASKING, proof=ProofKind.NONE)
    assert refuse_greeting(bare, ASKED, is_one_machine=True) is None
    assert isinstance(refuse_greeting(bare, ASKED, is_one_machine=False), ProofMissing)
    assert refuse_proof(Offered(ProofKind.NONE, is_one_machine=True)) is None
    assert isinstance(refuse_proof(Offered(ProofKind.NONE)), ProofMissing)


@pytest.mark.parametrize(
    ("offered", "refusal"),
    [
        (Offered(ProofKind.SECRET, is_valid=True), None),
        (Offered(ProofKind.SECRET), ProofWrong),
        # A wrong proof is worse than none: it stays wrong on one machine, too.
        (Offered(ProofKind.SECRET, is_one_machine=True), ProofWrong),
        (Offered(ProofKind.TOKEN, is_valid=True, token=TokenState.FRESH), None),
        (Offered(ProofKind.TOKEN, is_valid=True, token=TokenState.EXPIRED), TokenExpired),
        (Offered(ProofKind.TOKEN, is_valid=True, token=TokenState.USED), TokenUsed),
        (Offered(ProofKind.TOKEN, is_valid=True, token=TokenState.UNKNOWN), ProofWrong),
        (Offered(ProofKind.TOKEN, token=TokenState.FRESH), ProofWrong),
        (Offered(ProofKind.TOKEN, token=TokenState.USED), ProofWrong),
    ],
)
def test_a_proof_holds_or_does_not(offered: Offered, refusal: type[JoinRefused] | None) -> None:
    found = refuse_proof(offered)
    assert (found is None) if refusal is None else isinstance(found, refusal)


def test_a_node_on_sqlite_names_the_command_that_helps() -> None:
    refusal = refuse_node(ASKING, replace(ASKED, sqlite_directory="/var/lib/ranvier"))
    assert isinstance(refusal, NodeOnSqlite)
    assert "`ranvier database copy --data /var/lib/ranvier --to postgresql://" in str(refusal)


def test_a_name_belongs_to_one_node() -> None:
    def with_b(*, is_alive: bool, node_id: str = "id-old") -> Asked:
        return replace(ASKED, nodes=(*ASKED.nodes, KnownNode(node_id, "b", is_alive=is_alive)))

    assert refuse_node(ASKING, ASKED) is None
    assert isinstance(refuse_node(ASKING, with_b(is_alive=True)), NameTaken)
    assert refuse_node(ASKING, with_b(is_alive=True, node_id="id-b")) is None
    assert refuse_node(ASKING, with_b(is_alive=False)) is None
    for proof in (ProofKind.TOKEN, ProofKind.NONE):
        otherwise = replace(ASKING, proof=proof)
        refusal = refuse_node(otherwise, with_b(is_alive=False))
        assert isinstance(refusal, NameTaken)
        assert "unregister-node -n b" in str(refusal)


def test_too_many_joins_may_be_tried_again() -> None:
    assert TooManyJoins().retry_may_help
