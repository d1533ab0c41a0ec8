"""Apache httpd with mod_proxy_balancer, by HTTP or by AJP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ranvier.balancer.behaviour import (
    CHECK_SECONDS,
    CONNECT_SECONDS,
    COOKIE,
    IDLE_SECONDS,
    READY_PATH,
    SILENCE_SECONDS,
)
from ranvier.balancer.errors import CannotRender
from ranvier.balancer.node_list import BalancedNode
from ranvier.balancer.options import Protocol, RenderOptions
from ranvier.balancer.rendered_file import RenderedFile, head, text_of
from ranvier.balancer.virtual_host import virtual_host
from ranvier.balancer.workers_file import SECRET_VARIABLE

_CHECK: Final = "node_ready"
"""Names of such expressions end at 15 characters."""
FACTOR_MAX: Final = 100
"""The largest loadfactor; the smallest is 1."""


def render_mod_proxy(nodes: Sequence[BalancedNode], options: RenderOptions) -> list[RenderedFile]:
    """Render one file to be included by httpd.conf; raises `NodeLacks` for AJP without a port."""
    options.refuse_address("mod_proxy", "use --sticky cookie, or haproxy or nginx")
    by_ajp = options.protocol is Protocol.AJP
    lines = [
        *head("mod_proxy" + (" --protocol ajp" if by_ajp else "")),
        *_needs(is_ajp=by_ajp),
        *_balancer(nodes, options),
        *virtual_host(options, _passing(options)),
    ]
    return [RenderedFile("ranvier-proxy.conf", text_of(lines))]


def _needs(*, is_ajp: bool) -> Iterator[str]:
    names = "proxy_ajp" if is_ajp else "proxy_http"
    yield "# To be included by httpd.conf where these modules are loaded: headers, proxy,"
    yield f"# {names}, proxy_balancer, proxy_hcheck, slotmem_shm, lbmethod_byrequests."
    if is_ajp:
        yield f"# The secret is read from the variable {SECRET_VARIABLE} of httpd."


def _balancer(nodes: Sequence[BalancedNode], options: RenderOptions) -> Iterator[str]:
    if options.protocol is Protocol.HTTP:
        yield f"ProxyHCExpr {_CHECK} {{%{{REQUEST_STATUS}} == 200}}"
    factors = _factors(nodes)
    yield f"<Proxy balancer://{options.name.lower()}>"
    for node, factor in zip(nodes, factors, strict=True):
        told = [
            f"route={node.route}",
            f"loadfactor={factor}",
            f"connectiontimeout={CONNECT_SECONDS}",
            f"timeout={SILENCE_SECONDS}",
            f"ttl={IDLE_SECONDS}",
            "retry=1",
            f"hcinterval={CHECK_SECONDS}",
            "hcpasses=1",
            "hcfails=2",
            *(_by_ajp() if options.protocol is Protocol.AJP else _by_http()),
            *(["status=+N"] if node.is_draining else []),
        ]
        yield f"    BalancerMember {_address(node, options.protocol)} {' '.join(told)}"
    yield f"    ProxySet lbmethod=byrequests stickysession={COOKIE}"
    yield "</Proxy>"


def _address(node: BalancedNode, protocol: Protocol) -> str:
    return (
        f"ajp://{node.ajp_address}" if protocol is Protocol.AJP else f"http://{node.http_address}"
    )


def _by_ajp() -> list[str]:
    return [f"secret=${{{SECRET_VARIABLE}}}", f"ping={CONNECT_SECONDS}", "hcmethod=CPING"]


def _by_http() -> list[str]:
    return ["flushpackets=on", "hcmethod=GET", f"hcuri={READY_PATH}", f"hcexpr={_CHECK}"]


def _factors(nodes: Sequence[BalancedNode]) -> list[str]:
    """Return weights within the bounds of mod_proxy, in the same proportion."""
    largest = max(each.weight for each in nodes)
    if largest <= FACTOR_MAX:
        return [str(each.weight) for each in nodes]
    scaled = [each.weight * FACTOR_MAX / largest for each in nodes]
    if min(scaled) < 1:
        raise CannotRender(
            f"mod_proxy knows no weight above {FACTOR_MAX} times another one; give the nodes"
            " weights that are nearer to each other."
        )
    return [f"{each:.2f}" for each in scaled]


def _passing(options: RenderOptions) -> Iterator[str]:
    yield "ProxyRequests Off"
    yield "ProxyPreserveHost On"
    yield "# What users say about their own address counts for nothing."
    for header in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Server"):
        yield f"RequestHeader unset {header}"
    yield "RequestHeader unset X-Forwarded-Prefix"
    if options.protocol is Protocol.HTTP:
        yield f"RequestHeader set X-Forwarded-Proto {options.scheme}"
        yield f"RequestHeader set X-Forwarded-Port {options.listens_at.port}"
    else:
        yield "RequestHeader unset X-Forwarded-Proto"
        yield "RequestHeader unset X-Forwarded-Port"
    yield f"ProxyPass / balancer://{options.name.lower()}/ nocanon"
