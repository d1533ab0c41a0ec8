"""Kubernetes: a service before the pods, and a gateway that keeps users with a pod."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from ranvier.balancer.errors import CannotRender
from ranvier.balancer.node_list import BalancedNode
from ranvier.balancer.options import Protocol, RenderOptions, Stickiness
from ranvier.balancer.rendered_file import RenderedFile, head, text_of

_NAME: Final = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
STICKY_SECONDS: Final = 10_800
"""How long a service remembers an address; the default of Kubernetes, said aloud."""
GATEWAY_COOKIE: Final = "RANVIER-POD"
"""The gateway's own: it cannot read ours."""


def render_kubernetes(nodes: Sequence[BalancedNode], options: RenderOptions) -> list[RenderedFile]:
    """Render what stands before pods labelled `app.kubernetes.io/name: NAME`.

    Kubernetes finds the pods by itself; the nodes tell the port, and that all are equal.
    """
    _refuse_what_it_cannot(nodes, options)
    by_address = options.sticky is Stickiness.ADDRESS
    lines = [
        *head("kubernetes"),
        f"# The nodes: {', '.join(each.shown_name for each in nodes)}.",
        *_service(nodes[0].http_port, options, is_balancer=by_address),
        *(() if by_address else (*_gateway(options), *_route(options))),
        *_disruption_budget(options.name),
    ]
    return [RenderedFile("ranvier-balancer.yaml", text_of(lines))]


def _refuse_what_it_cannot(nodes: Sequence[BalancedNode], options: RenderOptions) -> None:
    if options.protocol is Protocol.AJP:
        raise CannotRender("Kubernetes speaks no AJP; leave out --protocol ajp.")
    for name in (options.name, *([] if options.tls is None else [options.tls])):
        if not _NAME.fullmatch(name):
            raise CannotRender(
                f"Kubernetes takes no name {name!r}; --name, and --tls which names a secret there,"
                " must be of a-z, 0-9 and -."
            )
    for what, values in (
        ("HTTP port", {each.http_port for each in nodes}),
        ("weight", {each.weight for each in nodes}),
    ):
        if len(values) > 1:
            raise CannotRender(
                f"A service of Kubernetes treats all pods alike; give every node the same {what}."
            )
    if options.listens_at.host:
        raise CannotRender("Kubernetes chooses the address itself; give --listen :PORT.")
    if options.sticky is Stickiness.ADDRESS and options.tls is not None:
        raise CannotRender(
            "A service of Kubernetes ends no TLS; leave out --tls, or use --sticky cookie."
        )


def _service(target_port: int, options: RenderOptions, *, is_balancer: bool) -> Iterator[str]:
    yield from _object("v1", "Service", options.name)
    yield "spec:"
    if is_balancer:
        yield "  type: LoadBalancer"
        yield "  # Pods see the address of the user, and so does the affinity."
        yield "  externalTrafficPolicy: Local"
        yield "  sessionAffinity: ClientIP"
        yield "  sessionAffinityConfig:"
        yield "    clientIP:"
        yield f"      timeoutSeconds: {STICKY_SECONDS}"
    yield "  selector:"
    yield f"    app.kubernetes.io/name: {options.name}"
    yield "  ports:"
    yield "    - name: http"
    yield f"      port: {options.listens_at.port if is_balancer else 80}"
    yield f"      targetPort: {target_port}"


def _gateway(options: RenderOptions) -> Iterator[str]:
    yield "---"
    yield from _object("gateway.networking.k8s.io/v1", "Gateway", options.name)
    yield "spec:"
    yield "  # The class of your controller: `kubectl get gatewayclass`."
    yield f"  gatewayClassName: {options.gateway_class}"
    yield "  listeners:"
    yield "    - name: users"
    yield f"      port: {options.listens_at.port}"
    if options.tls is None:
        yield "      protocol: HTTP"
    else:
        yield "      protocol: HTTPS"
        yield "      tls:"
        yield "        mode: Terminate"
        yield "        certificateRefs:"
        yield f"          - name: {options.tls}"


def _route(options: RenderOptions) -> Iterator[str]:
    yield "---"
    yield from _object("gateway.networking.k8s.io/v1", "HTTPRoute", options.name)
    yield "spec:"
    yield "  parentRefs:"
    yield f"    - name: {options.name}"
    yield "  rules:"
    yield "    - backendRefs:"
    yield f"        - name: {options.name}"
    yield "          port: 80"
    yield "      # Live pages have no end."
    yield "      timeouts:"
    yield "        request: 0s"
    yield "      # Of the experimental channel of the Gateway API; see what your controller knows."
    yield "      sessionPersistence:"
    yield f"        sessionName: {GATEWAY_COOKIE}"
    yield "        type: Cookie"
    yield "        cookieConfig:"
    yield "          lifetimeType: Session"


def _disruption_budget(name: str) -> Iterator[str]:
    yield "---"
    yield from _object("policy/v1", "PodDisruptionBudget", name)
    yield "spec:"
    yield "  maxUnavailable: 1"
    yield "  selector:"
    yield "    matchLabels:"
    yield f"      app.kubernetes.io/name: {name}"


def _object(version: str, kind: str, name: str) -> Iterator[str]:
    yield f"apiVersion: {version}"
    yield f"kind: {kind}"
    yield "metadata:"
    yield f"  name: {name}"
    yield "  labels:"
    yield f"    app.kubernetes.io/name: {name}"
