from __future__ import annotations

from pathlib import Path

from ranvier.cluster.first_start import WantedContext, missing
from ranvier.config.load import load_settings
from ranvier.node.first_start import plan
from ranvier.services.join_messages import Place
from ranvier.services.set_up_node import FirstStartPlan


def planned(folder: Path, **arguments: str) -> FirstStartPlan:
    given = {name.replace("__", "."): text for name, text in arguments.items()}
    return plan(load_settings(given, {}, folder, machine="two.example").settings)


def test_without_a_word_nothing_is_set_up(tmp_path: Path) -> None:
    assert planned(tmp_path) == FirstStartPlan()


def test_the_first_node_creates_contexts_and_the_others_ask_it(tmp_path: Path) -> None:
    contexts = "_admin,orders"
    others = planned(tmp_path, autocluster__first="one.example", autocluster__contexts=contexts)
    assert others.first == Place("one.example", 8224)
    for first in ("two.example", "two", "TWO.example:8224", "localhost"):
        own = planned(
            tmp_path,
            autocluster__first=first,
            autocluster__contexts=contexts,
            default_context_dcb="true",
        )
        assert own == FirstStartPlan((WantedContext("orders", is_dcb=True),))
    assert planned(tmp_path, autocluster__first="two:8225").first == Place("two", 8225)


def test_nodes_that_share_a_database_need_not_ask(tmp_path: Path) -> None:
    found = planned(tmp_path, autocluster__first="one", database="postgresql://db.example/ranvier")
    assert found.first is None


def test_a_template_says_the_same_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "cluster-template.yml").write_text(
        "first: one.example\n"
        "applications: [{name: app}]\n"
        "replicationGroups:\n"
        "  - contexts: [{name: orders, metaData: {owner: sales}, dcbContext: true}]\n"
    )
    found = planned(tmp_path, autocluster__contexts="orders,bills")
    assert found.first == Place("one.example", 8224)
    assert "applications" in found.sentence
    assert missing(found.contexts, ["bills"]) == [
        WantedContext("orders", is_dcb=True, properties={"owner": "sales"})
    ]
    assert [each.name for each in missing(found.contexts, ())] == ["orders", "bills"]
