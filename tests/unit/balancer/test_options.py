from __future__ import annotations

import pytest

from ranvier.balancer.errors import UnusableOption
from ranvier.balancer.options import Listen, RenderOptions, read_listen


@pytest.mark.parametrize(
    ("text", "listen", "shown"),
    [
        ("127.0.0.1:80", Listen("127.0.0.1", 80), "127.0.0.1:80"),
        (":8443", Listen("", 8443), "*:8443"),
        ("*:1", Listen("", 1), "*:1"),
        ("[::1]:65535", Listen("::1", 65535), "[::1]:65535"),
        ("edge.example.org:443", Listen("edge.example.org", 443), "edge.example.org:443"),
    ],
)
def test_where_to_listen(text: str, listen: Listen, shown: str) -> None:
    assert read_listen(text) == listen
    assert listen.text == shown


@pytest.mark.parametrize(
    "text",
    ["", "80", "a:", "a:0", "a:65536", "a:²", "a:+1", "::1:80", "[a]:80", "[::1:80", "a b:80",
     "a\n:80", "a:80\n", "a;:80", "[]:80"],
)  # fmt: skip
def test_nothing_else_is_a_place_to_listen(text: str) -> None:
    with pytest.raises(UnusableOption, match="HOST:PORT"):
        read_listen(text)


@pytest.mark.parametrize("name", ["", "1a", "a" * 41, "a b", "a\n", "a;", "$a", "ä", "a.b"])
def test_a_name_that_no_file_can_hold_is_refused(name: str) -> None:
    with pytest.raises(UnusableOption, match="--name"):
        RenderOptions(name=name)


@pytest.mark.parametrize(
    "tls", ["", "a b", "a\n", "a;", "-a", "a'", 'a"', "a#", "a{", "$a", "a\\b"]
)
def test_a_path_that_no_file_can_hold_is_refused(tls: str) -> None:
    with pytest.raises(UnusableOption, match="--tls"):
        RenderOptions(tls=tls)


def test_it_listens_where_users_look_first() -> None:
    assert RenderOptions().listens_at.text == "*:80"
    assert RenderOptions(tls="/etc/cert.pem").listens_at.text == "*:443"


@pytest.mark.parametrize("gateway_class", ["", "A", "a b", "-a", "a\n", "a{"])
def test_a_class_that_no_file_can_hold_is_refused(gateway_class: str) -> None:
    with pytest.raises(UnusableOption, match="--gateway-class"):
        RenderOptions(gateway_class=gateway_class)


@pytest.mark.parametrize("path", ["", "a b", "a\n", '"', "a\\b"])
def test_a_path_that_httpd_cannot_be_told_is_refused(path: str) -> None:
    with pytest.raises(UnusableOption, match="--workers-file"):
        RenderOptions(workers_file=path)
