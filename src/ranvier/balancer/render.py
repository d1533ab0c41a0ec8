"""Which balancer's file is made how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ranvier.balancer.errors import UnusableOption
from ranvier.balancer.node_list import BalancedNode
from ranvier.balancer.options import GATEWAY_CLASS, RenderOptions, WebServer
from ranvier.balancer.render_haproxy import render_haproxy
from ranvier.balancer.render_kubernetes import render_kubernetes
from ranvier.balancer.render_mod_jk import render_mod_jk
from ranvier.balancer.render_mod_proxy import render_mod_proxy
from ranvier.balancer.render_nginx import render_nginx
from ranvier.balancer.rendered_file import RenderedFile

RENDERERS: Final[
    Mapping[str, Callable[[Sequence[BalancedNode], RenderOptions], list[RenderedFile]]]
] = {
    "mod_jk": render_mod_jk,
    "mod_proxy": render_mod_proxy,
    "haproxy": render_haproxy,
    "nginx": render_nginx,
    "kubernetes": render_kubernetes,
}
"""By the word of the command line; the first file is the one that is asked for by name."""


def render(kind: str, nodes: Sequence[BalancedNode], options: RenderOptions) -> list[RenderedFile]:
    """Render the files of a kind; raises `BalancerError` where it cannot do what was asked for."""
    for flag, is_asked, owner in (
        ("--modern", options.is_modern, "nginx"),
        ("--server iis", options.server is WebServer.IIS, "mod_jk"),
        ("--gateway-class", options.gateway_class != GATEWAY_CLASS, "kubernetes"),
    ):
        if is_asked and kind != owner:
            raise UnusableOption(f"{flag} is for {owner} only; leave it out for {kind}.")
    return RENDERERS[kind](nodes, options)
