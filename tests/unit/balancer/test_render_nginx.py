from __future__ import annotations

import pytest

from ranvier.balancer.errors import CannotRender
from ranvier.balancer.options import Protocol, RenderOptions, Stickiness
from ranvier.balancer.render_nginx import render_nginx
from tests.support.balanced_nodes import IVY_NODES, listed_node, nodes_of


def text_of(options: RenderOptions | None = None, *more: dict[str, object]) -> str:
    """Render the two nodes and some more, spaces as one."""
    (file,) = render_nginx(nodes_of(*IVY_NODES, *more), options or RenderOptions())
    assert file.name == "ranvier.conf"
    return " ".join(file.text.split())


def test_maps_lead_from_the_cookie_to_a_group_with_the_others_behind_it() -> None:
    text = text_of()
    assert 'map $to_ranvier_route $to_ranvier_upstream { default ranvier; "~^ivynode1$" ra' in text
    assert "upstream ranvier_1 { zone ranvier_1 128k; server ivynode1:8024 max_fails=1" in text
    assert "server ivynode2:8024 weight=1 max_fails=1 fail_timeout=5s backup;" in text
    assert "sticky" not in text


def test_modern_is_sticky_by_itself() -> None:
    text = text_of(RenderOptions(is_modern=True))
    assert "sticky route $to_ranvier_route;" in text
    assert "server ivynode1:8024 weight=2 max_fails=1 fail_timeout=5s route=ivynode1;" in text
    assert "upstream ranvier_1" not in text


@pytest.mark.parametrize("is_modern", [False, True])
def test_users_can_be_kept_by_their_address(is_modern: bool) -> None:
    text = text_of(RenderOptions(sticky=Stickiness.ADDRESS, is_modern=is_modern))
    assert "hash $remote_addr consistent;" in text
    assert "JSESSIONID" not in text


@pytest.mark.parametrize(
    ("is_modern", "sticky", "word"),
    [
        (False, Stickiness.COOKIE, "down"),
        (True, Stickiness.COOKIE, "drain"),
        (True, Stickiness.ADDRESS, "down"),
    ],
)
def test_a_node_that_drains_gets_no_new_users(
    is_modern: bool, sticky: Stickiness, word: str
) -> None:
    drained = listed_node("c", httpPort=1, state="draining")
    text = text_of(RenderOptions(is_modern=is_modern, sticky=sticky), drained)
    shared = text.split("upstream ranvier {")[1].split("}")[0]
    assert [part for part in shared.split(";") if part.endswith(f" {word}")]
    assert shared.count(f" {word};") == 1


def test_if_all_drain_the_file_is_still_one_that_nginx_takes() -> None:
    (file,) = render_nginx(nodes_of(listed_node("a", state="draining")), RenderOptions())
    assert " down" not in file.text


def test_certificate_and_key_lie_in_one_file() -> None:
    text = text_of(RenderOptions(tls="/etc/site.pem"))
    assert "listen *:443 ssl; " in text
    assert "ssl_certificate /etc/site.pem; ssl_certificate_key /etc/site.pem;" in text


def test_it_has_no_ajp() -> None:
    with pytest.raises(CannotRender, match="no AJP"):
        text_of(RenderOptions(protocol=Protocol.AJP))
