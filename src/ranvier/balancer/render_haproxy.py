"""HAProxy, 2.6 and later: servers are named like the routes, so the cookie's end names one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ranvier.balancer.behaviour import (
    BODY_BYTES,
    CHECK_SECONDS,
    CONNECT_SECONDS,
    COOKIE,
    OWN_HEALTH_PATH,
    PAGE_PATHS,
    PAGE_SILENCE_SECONDS,
    READY_PATH,
    SILENCE_SECONDS,
)
from ranvier.balancer.errors import CannotRender
from ranvier.balancer.node_list import BalancedNode
from ranvier.balancer.options import Protocol, RenderOptions, Stickiness
from ranvier.balancer.rendered_file import RenderedFile, head, text_of


def render_haproxy(nodes: Sequence[BalancedNode], options: RenderOptions) -> list[RenderedFile]:
    """Render a whole haproxy.cfg; it keeps no state, so any number of them stand side by side."""
    if options.protocol is Protocol.AJP:
        raise CannotRender("HAProxy speaks no AJP; leave out --protocol ajp.")
    lines = [
        *head("haproxy"),
        *_GENERAL,
        "",
        *_frontend(options),
        "",
        *_backend(nodes, options),
    ]
    return [RenderedFile("haproxy.cfg", text_of(lines))]


_GENERAL = (
    "global",
    "    log stderr format raw local0 notice",
    "    ssl-default-bind-options ssl-min-ver TLSv1.2",
    "",
    "defaults",
    "    mode http",
    "    log global",
    "    option httplog",
    "    option dontlognull",
    f"    timeout connect {CONNECT_SECONDS}s",
    "    timeout http-request 30s",
    "    timeout http-keep-alive 30s",
    "    timeout queue 10s",
    f"    timeout client {SILENCE_SECONDS}s",
    f"    timeout server {SILENCE_SECONDS}s",
    f"    timeout check {CONNECT_SECONDS}s",
    "    timeout tunnel 1h",
)


def _frontend(options: RenderOptions) -> Iterator[str]:
    tls = "" if options.tls is None else f" ssl crt {options.tls} alpn h2,http/1.1"
    yield f"frontend {options.name}_users"
    yield f"    bind {options.listens_at.text}{tls}"
    yield f"    http-request return status 200 if {{ path {OWN_HEALTH_PATH} }}"
    yield (
        "    http-request deny deny_status 413"
        f" if {{ req.hdr_val(content-length) gt {BODY_BYTES} }}"
    )
    yield "    # What users say about their own address counts for nothing."
    for header in ("Forwarded", "X-Forwarded-Prefix"):
        yield f"    http-request del-header {header}"
    yield "    http-request set-header X-Forwarded-For %[src]"
    yield f"    http-request set-header X-Forwarded-Proto {options.scheme}"
    yield "    http-request set-header X-Forwarded-Host %[req.hdr(host)]"
    yield "    http-request set-header X-Forwarded-Port %[dst_port]"
    yield f"    default_backend {options.name}"


def _backend(nodes: Sequence[BalancedNode], options: RenderOptions) -> Iterator[str]:
    yield f"backend {options.name}"
    if options.sticky is Stickiness.ADDRESS:
        yield "    balance source"
        yield "    hash-type consistent"
    else:
        yield "    balance roundrobin"
    yield f"    option httpchk GET {READY_PATH}"
    yield "    http-check expect status 200"
    yield "    # A node that drains answers 503 before it does anything: another one is asked."
    yield "    retries 3"
    yield "    option redispatch 1"
    yield "    retry-on conn-failure empty-response response-timeout 503"
    yield "    # What is sent again must have come whole, or as much of it as a buffer holds."
    yield "    option http-buffer-request"
    yield "    # A form knows that it is sent twice; a call that may have run is not sent again."
    pages = " ".join(PAGE_PATHS)
    yield (
        "    http-request disable-l7-retry"
        f" unless {{ method GET HEAD OPTIONS }} or {{ path_beg {pages} }}"
    )
    yield f"    http-request set-timeout server {PAGE_SILENCE_SECONDS}s if {{ path_beg {pages} }}"
    if options.sticky is Stickiness.COOKIE:
        yield "    # The session cookie ends in the name of a server; any other can take over."
        yield (
            f"    use-server %[req.cook({COOKIE}),field(2,.)] if {{ req.cook({COOKIE}) -m found }}"
        )
    yield (
        f"    default-server check inter {CHECK_SECONDS}s fall 2 rise 1 slowstart 10s"
        " init-addr last,libc,none"
    )
    for each in nodes:
        # Weight 0 leaves it the users that it has.
        weight = 0 if each.is_draining else each.weight
        yield f"    server {each.route} {each.http_address} weight {weight}"
