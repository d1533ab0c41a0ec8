from __future__ import annotations

from pathlib import Path

import pytest

from ranvier.config.cluster_template import ClusterTemplate, TemplateContext, read_template
from ranvier.config.errors import InvalidValue, UnreadableFile
from ranvier.config.explain import explain_as_json
from ranvier.config.first_start_settings import NodePlace
from ranvier.config.load import load_settings

WHOLE = """
axoniq:
  axonserver:
    cluster-template:
      first: node-1.example:8224
      users:
        - userName: admin
      replicationGroups:
        - name: _admin
          roles: [{node: node-1, role: PRIMARY}]
          contexts: [{name: _admin}]
        - name: default
          contexts:
            - name: default
              metaData: {owner: sales}
            - name: orders
              dcbContext: true
      applications: []
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "cluster-template.yml"
    path.write_text(text)
    return path


def test_contexts_and_the_first_node_are_taken_and_the_rest_is_named(tmp_path: Path) -> None:
    template = read_template(written(tmp_path, WHOLE))
    assert template == ClusterTemplate(
        NodePlace("node-1.example"),
        (
            TemplateContext("default", properties={"owner": "sales"}),
            TemplateContext("orders", is_dcb=True),
        ),
        ("users", "roles of nodes, since every node serves every context"),
    )
    assert "names users, roles of nodes" in template.sentence
    assert read_template(written(tmp_path, "first: a:1\n")) == ClusterTemplate(NodePlace("a", 1))
    assert ClusterTemplate().sentence == ""


@pytest.mark.parametrize(
    "text",
    [
        "- a list",
        "first: 'no host'",
        "first: {host: a}",
        "replicationGroups: {name: default}",
        "replicationGroups: [default]",
        "replicationGroups: [{contexts: [{name: no name}]}]",
        "replicationGroups: [{contexts: [{}]}]",
        "replicationGroups: [{contexts: [{name: a, metaData: text}]}]",
        "axoniq: text",
        "broken: [",
    ],
)
def test_what_is_no_template_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFile, match=r"cluster-template\.yml"):
        read_template(written(tmp_path, text))


def test_axons_names_are_understood(tmp_path: Path) -> None:
    (tmp_path / "axonserver.properties").write_text(
        "axoniq.axonserver.autocluster.first=node-1.example\n"
        "axoniq.axonserver.autocluster.contexts=_admin,default, orders\n"
        "axoniq.axonserver.clustertemplate.path=/etc/template.yml\n"
    )
    loaded = load_settings({}, {}, tmp_path, machine="two.example")
    assert loaded.settings.autocluster.first == NodePlace("node-1.example", 8224)
    assert loaded.settings.autocluster.contexts == ("_admin", "default", "orders")
    assert loaded.settings.clustertemplate.path == Path("/etc/template.yml")
    assert loaded.notices == ()
    explained = explain_as_json(loaded)
    assert '"node-1.example:8224"' in explained
    assert '"_admin, default, orders"' in explained


@pytest.mark.parametrize("first", ["no host", "a:b", "a:0", "a:65536", "a:1:2"])
def test_a_first_node_is_a_host_and_a_port(tmp_path: Path, first: str) -> None:
    with pytest.raises(InvalidValue, match=r"autocluster\.first"):
        load_settings({"autocluster.first": first}, {}, tmp_path, machine="two.example")
    with pytest.raises(InvalidValue, match=r"autocluster\.contexts"):
        load_settings({"autocluster.contexts": first}, {}, tmp_path, machine="two.example")
