from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.access.return_path import HOME, return_path


@pytest.mark.parametrize(
    "wanted",
    [
        "/cockpit",
        "/cockpit/cluster?node=one&x=%2F%2Fa",
        "/",
        "/portal/tasks#here",
        "/sign-inn",
        "/x?to=https://example.com",
    ],
)
def test_own_paths_are_gone_on_to(wanted: str) -> None:
    assert return_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "",
        "cockpit",
        "//example.com",
        "///example.com",
        "/\\example.com",
        "\\\\example.com",
        "/\t/example.com",
        "\t//example.com",
        " //example.com",
        "/\n/example.com",
        "https://example.com",
        "javascript:alert(1)",
        "/a b",
        "/ä",
        "/x\r\nSet-Cookie: a=b",
        "/sign-in",
        "/sign-in?return_to=/sign-in",
        "/sign-out",
        "/set-up/x",
        "/" + "x" * 2048,
    ],
)
def test_everything_else_leads_home(wanted: str | None) -> None:
    assert return_path(wanted) == HOME


@given(st.text(max_size=60))
def test_no_text_leads_to_another_host(wanted: str) -> None:
    found = return_path(wanted)
    parts = urlsplit(found)
    assert (parts.scheme, parts.netloc) == ("", "")
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert found.isascii()
    assert found.isprintable()
