from __future__ import annotations

from typing import Any

import pytest
import yaml

from ranvier.balancer.errors import CannotRender
from ranvier.balancer.options import Protocol, RenderOptions, Stickiness, read_listen
from ranvier.balancer.render_kubernetes import render_kubernetes
from tests.support.balanced_nodes import listed_node, nodes_of

PODS = [
    listed_node(f"ranvier-{at}", host=f"ranvier-{at}.ranvier-nodes.default.svc.cluster.local")
    for at in range(3)
]


def objects(options: RenderOptions) -> dict[str, Any]:
    """Render three pods and return the objects by kind."""
    (file,) = render_kubernetes(nodes_of(*PODS), options)
    return {each["kind"]: each for each in yaml.safe_load_all(file.text)}


def test_a_gateway_keeps_users_by_a_cookie() -> None:
    found = objects(RenderOptions(tls="edge-tls", gateway_class="envoy"))
    assert set(found) == {"Service", "Gateway", "HTTPRoute", "PodDisruptionBudget"}
    (port,) = found["Service"]["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (80, 8024)
    (listener,) = found["Gateway"]["spec"]["listeners"]
    assert (listener["port"], listener["protocol"]) == (443, "HTTPS")
    assert listener["tls"]["certificateRefs"] == [{"name": "edge-tls"}]
    (rule,) = found["HTTPRoute"]["spec"]["rules"]
    assert rule["sessionPersistence"]["type"] == "Cookie"
    assert rule["backendRefs"] == [{"name": "ranvier", "port": 80}]
    assert found["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1


def test_a_service_keeps_users_by_their_address() -> None:
    options = RenderOptions(sticky=Stickiness.ADDRESS, listen=read_listen(":8080"))
    found = objects(options)
    assert set(found) == {"Service", "PodDisruptionBudget"}
    spec = found["Service"]["spec"]
    assert (spec["sessionAffinity"], spec["externalTrafficPolicy"]) == ("ClientIP", "Local")
    assert spec["ports"][0]["port"] == 8080


@pytest.mark.parametrize(
    ("options", "changed", "words"),
    [
        (RenderOptions(name="AxonIvyEngine"), {}, "takes no name 'AxonIvyEngine'"),
        (RenderOptions(tls="/etc/site.pem"), {}, "names a secret"),
        (RenderOptions(protocol=Protocol.AJP), {}, "speaks no AJP"),
        (RenderOptions(listen=read_listen("127.0.0.1:80")), {}, "chooses the address itself"),
        (RenderOptions(tls="edge", sticky=Stickiness.ADDRESS), {}, "ends no TLS"),
        (RenderOptions(), {"weight": 2}, "the same weight"),
        (RenderOptions(), {"httpPort": 1}, "the same HTTP port"),
    ],
)
def test_what_it_cannot_do_is_said(
    options: RenderOptions, changed: dict[str, int], words: str
) -> None:
    with pytest.raises(CannotRender, match=words):
        render_kubernetes(nodes_of(*PODS[:2], PODS[2] | changed), options)
