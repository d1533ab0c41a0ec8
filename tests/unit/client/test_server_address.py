"""Addresses as users write them."""

from __future__ import annotations

import pytest

from ranvier.client.errors import InvalidRequest
from ranvier.client.server_address import server_list


@pytest.mark.parametrize(
    ("text", "read", "is_secure"),
    [
        ("localhost", "localhost:8124", False),
        ("hub.example.org:9000", "hub.example.org:9000", False),
        ("a:1, b:2,c", "a:1,b:2,c:8124", False),
        ("grpcs://hub.example.org", "hub.example.org:8124", True),
        ("https://a:1/,b:2", "a:1,b:2", True),
        ("[::1]:9000", "[::1]:9000", False),
        ("::1", "[::1]:8124", False),
    ],
)
def test_read(text: str, read: str, is_secure: bool) -> None:
    servers = server_list(text)
    assert (str(servers), servers.is_secure) == (read, is_secure)


@pytest.mark.parametrize("text", ["", " , ", ":1", "a:0x", "a:70000", "ftp://a"])
def test_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        server_list(text)
