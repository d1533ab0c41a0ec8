from __future__ import annotations

import pytest

from ranvier.balancer.errors import CannotRender
from ranvier.balancer.options import Protocol, RenderOptions, Stickiness, read_listen
from ranvier.balancer.render_haproxy import render_haproxy
from tests.support.balanced_nodes import IVY_NODES, listed_node, nodes_of


def lines_of(options: RenderOptions | None = None, *more: dict[str, object]) -> list[str]:
    """Render the two nodes and some more."""
    (file,) = render_haproxy(nodes_of(*IVY_NODES, *more), options or RenderOptions())
    assert file.name == "haproxy.cfg"
    return [line.strip() for line in file.text.splitlines()]


def test_each_node_is_one_server_named_like_its_route() -> None:
    servers = [line for line in lines_of() if line.startswith("server ")]
    assert servers == [
        "server ivynode1 ivynode1:8024 weight 2",
        "server ivynode2 ivynode2:8024 weight 1",
    ]


def test_the_end_of_the_cookie_names_the_server() -> None:
    assert (
        "use-server %[req.cook(JSESSIONID),field(2,.)] if { req.cook(JSESSIONID) -m found }"
        in lines_of()
    )


def test_users_can_be_kept_by_their_address() -> None:
    lines = lines_of(RenderOptions(sticky=Stickiness.ADDRESS))
    assert {"balance source", "hash-type consistent"} <= set(lines)
    assert not any("use-server" in line for line in lines)


def test_a_node_that_drains_keeps_its_users_only() -> None:
    lines = lines_of(None, listed_node("ivynode3", httpPort=1, state="draining", weight=9))
    assert "server ivynode3 127.0.0.1:1 weight 0" in lines


def test_nodes_are_asked_whether_they_are_ready() -> None:
    assert {"option httpchk GET /health/ready", "http-check expect status 200"} <= set(lines_of())


def test_where_it_listens_and_with_which_certificate() -> None:
    lines = lines_of(RenderOptions(listen=read_listen("[::1]:8443"), tls="/etc/site.pem"))
    assert "bind [::1]:8443 ssl crt /etc/site.pem alpn h2,http/1.1" in lines
    assert "http-request set-header X-Forwarded-Proto https" in lines
    assert "bind *:80" in lines_of()


def test_it_has_no_ajp() -> None:
    with pytest.raises(CannotRender, match="no AJP"):
        lines_of(RenderOptions(protocol=Protocol.AJP))
