from __future__ import annotations

import pytest

from ranvier.balancer.errors import CannotRender, NodeLacks
from ranvier.balancer.options import RenderOptions, Stickiness, WebServer, read_listen
from ranvier.balancer.render_mod_jk import render_mod_jk
from tests.support.balanced_nodes import IVY_NODES, listed_node, nodes_of

IVY = RenderOptions(name="AxonIvyEngine")


def settings_of(text: str) -> dict[str, str]:
    """Read a file of properties; a key may stand in it once."""
    pairs = [line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#")]
    assert len({key for key, _ in pairs}) == len(pairs)
    return dict(pairs)


def test_two_nodes_of_which_one_is_twice_as_strong() -> None:
    workers, _ = render_mod_jk(nodes_of(*IVY_NODES), IVY)
    found = settings_of(workers.text)
    assert workers.name == "workers.properties"
    assert found["worker.list"] == "AxonIvyEngine"
    assert found["worker.AxonIvyEngine.type"] == "lb"
    assert found["worker.AxonIvyEngine.balance_workers"] == "AxonIvyEngineNode1,AxonIvyEngineNode2"
    shown = {
        at: [found[f"worker.AxonIvyEngineNode{at}.{key}"] for key in ("host", "port", "route")]
        + [found[f"worker.AxonIvyEngineNode{at}.lbfactor"]]
        for at in (1, 2)
    }
    assert shown == {
        1: ["ivynode1", "8009", "ivynode1", "2"],
        2: ["ivynode2", "8010", "ivynode2", "1"],
    }


def test_every_node_inherits_what_protects_its_users() -> None:
    found = settings_of(render_mod_jk(nodes_of(*IVY_NODES), IVY)[0].text)
    assert found["worker.AxonIvyEngineNode2.reference"] == "worker.AxonIvyEngineNode"
    assert found["worker.AxonIvyEngineNode.type"] == "ajp13"
    assert found["worker.AxonIvyEngineNode.recovery_options"] == "7"
    assert found["worker.AxonIvyEngineNode.fail_on_status"] == "-503"


def test_the_secret_is_a_reference() -> None:
    found = settings_of(render_mod_jk(nodes_of(*IVY_NODES), IVY)[0].text)
    assert found["worker.AxonIvyEngineNode.secret"] == "$(RANVIER_AJP_SECRET)"


def test_a_node_that_drains_is_kept_from_new_users() -> None:
    nodes = nodes_of(listed_node("a"), listed_node("b", httpPort=1, state="draining"))
    found = settings_of(render_mod_jk(nodes, RenderOptions())[0].text)
    assert found["worker.ranvierNode2.activation"] == "D"
    assert "worker.ranvierNode1.activation" not in found


def test_a_node_without_ajp_is_named() -> None:
    with pytest.raises(NodeLacks, match="node quiet listens for no AJP"):
        render_mod_jk(
            nodes_of(listed_node("a"), listed_node("quiet", httpPort=1, ajpPort=None)), IVY
        )


def test_it_cannot_keep_users_by_their_address() -> None:
    with pytest.raises(CannotRender, match="mod_jk cannot keep users by their address"):
        render_mod_jk(nodes_of(*IVY_NODES), RenderOptions(sticky=Stickiness.ADDRESS))


def test_httpd_is_told_where_the_workers_are() -> None:
    options = RenderOptions(
        listen=read_listen(":8443"), tls="/etc/site.pem", workers_file="/etc/w.properties"
    )
    snippet = render_mod_jk(nodes_of(*IVY_NODES), options)[1]
    lines = [line.strip() for line in snippet.text.splitlines()]
    assert snippet.name == "ranvier-jk.conf"
    assert {"JkWorkersFile /etc/w.properties", "Listen 8443", "<VirtualHost *:8443>"} <= set(lines)
    assert {"SSLCertificateFile /etc/site.pem", "JkMount /* ranvier"} <= set(lines)


def test_what_debian_has_said_already_is_not_said_again() -> None:
    options = RenderOptions(workers_file="/etc/libapache2-mod-jk/workers.properties")
    text = render_mod_jk(nodes_of(*IVY_NODES), options)[1].text
    assert "\nJkWorkersFile" not in text
    assert "\nListen" not in text


def test_iis_gets_its_two_files() -> None:
    iis = RenderOptions(name="AxonIvyEngine", server=WebServer.IIS)
    workers, redirect, uri_map = render_mod_jk(nodes_of(*IVY_NODES), iis)
    assert workers == render_mod_jk(nodes_of(*IVY_NODES), IVY)[0]
    assert (redirect.name, uri_map.name) == ("isapi_redirect.properties", "uriworkermap.properties")
    assert settings_of(uri_map.text) == {"/*": "AxonIvyEngine"}
    found = settings_of(redirect.text)
    assert found["worker_file"] == "$(JKISAPI_PATH)\\workers.properties"
    assert found["worker_mount_file"] == "$(JKISAPI_PATH)\\uriworkermap.properties"
    with pytest.raises(CannotRender, match="IIS keeps addresses"):
        render_mod_jk(nodes_of(*IVY_NODES), RenderOptions(server=WebServer.IIS, tls="/etc/a.pem"))
