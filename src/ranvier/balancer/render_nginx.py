"""NGINX: a file for conf.d, by maps from 1.22 on, or by `sticky route` from 1.29.6 on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ranvier.balancer.behaviour import (
    BODY_BYTES,
    CONNECT_SECONDS,
    COOKIE,
    IDLE_SECONDS,
    OWN_HEALTH_PATH,
    PAGE_PATHS,
    PAGE_SILENCE_SECONDS,
    SILENCE_SECONDS,
)
from ranvier.balancer.errors import CannotRender
from ranvier.balancer.node_list import BalancedNode
from ranvier.balancer.options import Protocol, RenderOptions, Stickiness
from ranvier.balancer.rendered_file import RenderedFile, head, text_of

_FAILS = "max_fails=1 fail_timeout=5s"


def render_nginx(nodes: Sequence[BalancedNode], options: RenderOptions) -> list[RenderedFile]:
    """Render one file to be included within `http`."""
    if options.protocol is Protocol.AJP:
        raise CannotRender("NGINX speaks no AJP; leave out --protocol ajp.")
    # In front of names like `http` or `cookie`, which NGINX has variables of.
    variable = "to_" + options.name.replace("-", "_")
    by_maps = options.sticky is Stickiness.COOKIE and not options.is_modern
    upstream = f"${variable}_upstream" if by_maps else options.name
    lines = [
        *head("nginx" + (" --modern" if options.is_modern else "")),
        *_connection_map(variable),
        *(_route_map(variable) if options.sticky is Stickiness.COOKIE else ()),
        *(_upstream_map(nodes, options.name, variable) if by_maps else ()),
        *_shared_upstream(nodes, options, variable),
        *(_own_upstreams(nodes, options.name) if by_maps else ()),
        *_server(options, upstream, variable),
    ]
    return [RenderedFile("ranvier.conf", text_of(lines))]


def _connection_map(variable: str) -> list[str]:
    return [
        f"map $http_upgrade ${variable}_connection {{",
        "    default upgrade;",
        '    "" "";',
        "}",
    ]


def _route_map(variable: str) -> list[str]:
    """Return how the route is read: what follows the only dot of the cookie."""
    return [
        f"map $cookie_{COOKIE} ${variable}_route {{",
        '    default "";',
        f'    "~^[^.]*\\.(?<{variable}_end>[A-Za-z0-9_-]+)$" ${variable}_end;',
        "}",
    ]


def _upstream_map(nodes: Sequence[BalancedNode], name: str, variable: str) -> Iterator[str]:
    yield f"map ${variable}_route ${variable}_upstream {{"
    yield f"    default {name};"
    for number, each in enumerate(nodes, 1):
        yield f'    "~^{each.route}$" {name}_{number};'
    yield "}"


def _shared_upstream(
    nodes: Sequence[BalancedNode], options: RenderOptions, variable: str
) -> Iterator[str]:
    yield f"upstream {options.name} {{"
    yield f"    zone {options.name} 128k;"
    if options.sticky is Stickiness.ADDRESS:
        yield "    hash $remote_addr consistent;"
    elif options.is_modern:
        yield f"    sticky route ${variable}_route;"
    is_by_route = options.is_modern and options.sticky is Stickiness.COOKIE
    for each in nodes:
        route = f" route={each.route}" if is_by_route else ""
        kept_from = _kept_from(each, nodes, "drain" if is_by_route else "down")
        yield f"    server {each.http_address} weight={each.weight} {_FAILS}{route}{kept_from};"
    yield from _KEPT
    yield "}"


def _kept_from(node: BalancedNode, nodes: Sequence[BalancedNode], word: str) -> str:
    """Return the word that keeps new users from a node; all nodes are never kept from them."""
    is_kept = node.is_draining and not all(each.is_draining for each in nodes)
    return f" {word}" if is_kept else ""


_KEPT = ("    keepalive 32;", f"    keepalive_timeout {IDLE_SECONDS}s;")


def _own_upstreams(nodes: Sequence[BalancedNode], name: str) -> Iterator[str]:
    """Yield one group for each node: itself, and the others for the time when it is lost."""
    for number, own in enumerate(nodes, 1):
        yield f"upstream {name}_{number} {{"
        yield f"    zone {name}_{number} 128k;"
        yield f"    server {own.http_address} {_FAILS};"
        for other in nodes:
            if other is not own:
                yield f"    server {other.http_address} weight={other.weight} {_FAILS} backup;"
        yield from _KEPT
        yield "}"


def _server(options: RenderOptions, upstream: str, variable: str) -> Iterator[str]:
    listen = options.listens_at
    yield "server {"
    yield f"    listen {listen.text}{'' if options.tls is None else ' ssl'};"
    yield "    server_name _;"
    if options.tls is not None:
        yield f"    ssl_certificate {options.tls};"
        yield f"    ssl_certificate_key {options.tls};"
        yield "    ssl_protocols TLSv1.2 TLSv1.3;"
    yield f"    client_max_body_size {BODY_BYTES // 1024 // 1024}m;"
    yield "    large_client_header_buffers 4 32k;"
    yield "    proxy_http_version 1.1;"
    yield "    proxy_set_header Host $http_host;"
    yield f"    proxy_set_header Connection ${variable}_connection;"
    yield "    proxy_set_header Upgrade $http_upgrade;"
    yield "    # What users say about their own address counts for nothing."
    yield '    proxy_set_header Forwarded "";'
    yield '    proxy_set_header X-Forwarded-Prefix "";'
    yield "    proxy_set_header X-Forwarded-For $remote_addr;"
    yield "    proxy_set_header X-Forwarded-Proto $scheme;"
    yield "    proxy_set_header X-Forwarded-Host $http_host;"
    yield "    proxy_set_header X-Forwarded-Port $server_port;"
    yield f"    proxy_connect_timeout {CONNECT_SECONDS}s;"
    yield f"    proxy_read_timeout {SILENCE_SECONDS}s;"
    yield f"    proxy_send_timeout {SILENCE_SECONDS}s;"
    yield "    # Live pages are passed on as they come."
    yield "    proxy_buffering off;"
    yield "    proxy_next_upstream error timeout;"
    yield "    proxy_next_upstream_tries 3;"
    yield f"    location = {OWN_HEALTH_PATH} {{"
    yield "        access_log off;"
    yield "        default_type text/plain;"
    yield "        return 200;"
    yield "    }"
    yield "    location / {"
    yield f"        proxy_pass http://{upstream};"
    yield "    }"
    yield "    # A node that drains answers 503 before it does anything: another one is asked."
    yield "    # A form knows that it is sent twice; a call that may have run is not sent again."
    pages = "|".join(each.removeprefix("/") for each in PAGE_PATHS)
    yield f"    location ~ ^/({pages})(/|$) {{"
    yield "        proxy_next_upstream error timeout http_503 non_idempotent;"
    yield f"        proxy_read_timeout {PAGE_SILENCE_SECONDS}s;"
    yield f"        proxy_pass http://{upstream};"
    yield "    }"
    yield "}"
