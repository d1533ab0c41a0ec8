from __future__ import annotations

import pytest

from ranvier.cluster.joining.belonging import Belonging, refuse_belonging
from ranvier.cluster.joining.budget import JOINS_AT_ONCE, JOINS_PER_SECOND, JoinBudget
from ranvier.cluster.joining.errors import (
    JoinRefused,
    NodeInUse,
    NotOfThisCluster,
    OtherClusterDatabase,
    SecretDiffers,
    SecretNotGiven,
)


@pytest.mark.parametrize(
    ("is_new", "secret", "is_on_loopback", "refusal"),
    [
        (True, None, False, None),
        (True, True, False, None),
        # Another node has founded the cluster in the same moment.
        (True, False, True, SecretDiffers),
        (False, True, False, None),
        (False, False, True, SecretDiffers),
        (False, None, True, None),
        (False, None, False, SecretNotGiven),
    ],
)
def test_a_node_starts_on_the_database_of_its_cluster_alone(
    is_new: bool,
    secret: bool | None,
    is_on_loopback: bool,
    refusal: type[NotOfThisCluster] | None,
) -> None:
    def judged(*, is_expected: bool) -> NotOfThisCluster | None:
        return refuse_belonging(
            Belonging(
                is_new=is_new,
                is_expected=is_expected,
                has_secret=secret is not None,
                is_secret_right=bool(secret),
                is_on_loopback=is_on_loopback,
            )
        )

    found = judged(is_expected=True)
    assert (found is None) if refusal is None else isinstance(found, refusal)
    assert isinstance(judged(is_expected=False), OtherClusterDatabase)


def test_a_budget_is_spent_and_fills_up_again() -> None:
    budget: JoinBudget | None = JoinBudget()
    for _ in range(int(JOINS_AT_ONCE)):
        assert budget is not None
        last, budget = budget, budget.spend(0.0)
    assert budget is not None
    assert budget.spend(0.0) is None
    assert budget.spend(1.0) is not None
    full = last.spend(3600.0)
    assert full is not None
    assert full.left == JOINS_AT_ONCE - 1
    assert JOINS_PER_SECOND * 60 < 1_000


def test_the_words_of_another_node_are_passed_on() -> None:
    told = JoinRefused.told(NodeInUse.code, "It holds something.")
    assert isinstance(told, NodeInUse)
    assert str(told) == "It holds something."
    assert type(JoinRefused.told("OF-THE-FUTURE", "No.")) is JoinRefused
