"""What nodes say decides on a revision; what is taken away is each node's own again."""

from __future__ import annotations

from ranvier.cluster.configuration import changed, refusal_of

RUNNING = {"1": "one", "2": "two"}


def test_changes_set_and_take_away() -> None:
    assert changed({"a": "1", "b": "2"}, {"b": None, "c": "3", "d": None}) == {"a": "1", "c": "3"}


def test_it_counts_when_all_who_run_agree() -> None:
    assert refusal_of(RUNNING, {"1": ""}, is_late=False) is None
    assert refusal_of(RUNNING, {"1": "", "2": ""}, is_late=False) == ""
    assert refusal_of(RUNNING, {"1": "", "2": "", "gone": "no"}, is_late=False) == ""


def test_one_node_refuses_for_all() -> None:
    assert refusal_of(RUNNING, {"2": "I cannot."}, is_late=False) == (
        "Node two refuses it: I cannot."
    )


def test_who_does_not_answer_is_named() -> None:
    refusal = refusal_of(RUNNING, {"1": ""}, is_late=True)
    assert refusal is not None
    assert refusal.startswith("Node two has not said")


def test_nothing_counts_while_nobody_knows_who_has_to_agree() -> None:
    assert refusal_of(None, {"1": "", "2": ""}, is_late=False) is None
    refusal = refusal_of(None, {"1": "", "2": ""}, is_late=True)
    assert refusal is not None
    assert "lost touch" in refusal
