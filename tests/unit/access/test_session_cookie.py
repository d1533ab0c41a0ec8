from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.access.session_cookie import (
    CANDIDATES_MOST,
    COOKIE_BYTES_MOST,
    KEY_BYTES,
    cookie_of,
    presented_cookies,
    read_cookie,
    set_cookie,
)

KEYS = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)
ROUTES = st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True)
ONE, OTHER = cookie_of(bytes(range(32)), "node1"), cookie_of(bytes(32), "node2")


def header(*values: str, name: str = "JSESSIONID") -> bytes:
    return "; ".join(f"{name}={value}" for value in values).encode("latin-1")


def value_of(key: str, route: str) -> str:
    return f"{key}.{route}"


@given(KEYS, ROUTES)
def test_a_cookie_is_read_as_it_was_given(random: bytes, route: str) -> None:
    cookie = cookie_of(random, route)
    given_out = set_cookie("JSESSIONID", cookie, is_secure=False).decode().partition(";")[0]
    assert presented_cookies([given_out.encode()], "JSESSIONID") == (cookie,)
    assert "." not in cookie.key
    assert len(cookie.key) == 43


@given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{40,46}(\.\S*)?", fullmatch=True))
def test_whatever_is_shown_is_read_or_passed_over(value: str) -> None:
    cookie = read_cookie(value)
    if cookie is not None:
        assert value.partition(".")[0] == cookie.key
        assert len(cookie.digest) == 64


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_no_header_is_too_odd(headers: list[bytes]) -> None:
    assert len(presented_cookies(headers, "JSESSIONID")) <= CANDIDATES_MOST


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0123456789ABCDEF0123456789ABCDEF",
        "0123456789ABCDEF0123456789ABCDEF.node1",
        ONE.key[:-1],
        ONE.key + "A",
        ONE.key[:-1] + "1",  # bits beyond the 256th
        "." + ONE.key,
        "ä" * 43,
    ],
)
def test_what_no_node_has_given_is_passed_over(value: str) -> None:
    assert read_cookie(value) is None


@pytest.mark.parametrize(
    ("value", "route"),
    [
        (ONE.key, ""),
        (f"{ONE.key}.", ""),
        (f"{ONE.key}.gone", "gone"),
        (f"{ONE.key}.two.dots", ""),
        (f"{ONE.key}.{'x' * 33}", ""),
        (f"{ONE.key}.a b", ""),
    ],
)
def test_the_route_is_no_part_of_the_session(value: str, route: str) -> None:
    cookie = read_cookie(value)
    assert cookie is not None
    assert (cookie.digest, cookie.route) == (ONE.digest, route)


def test_cookies_of_other_programs_are_passed_over_and_few_are_looked_at() -> None:
    values = ("of-tomcat.n1", value_of(ONE.key, "node1"), f'"{OTHER.key}.node2"')
    assert presented_cookies([header(*values)], "JSESSIONID") == (ONE, OTHER)
    assert presented_cookies([b"a=b", header(*values)], "JSESSIONID") == (ONE, OTHER)
    assert presented_cookies([header(*values)], "OTHER") == ()
    assert presented_cookies([header(*values, name="OTHER")], "OTHER") == (ONE, OTHER)
    many = [cookie_of(number.to_bytes(32, "big"), "n").key for number in range(9)]
    assert len(presented_cookies([header(*many)], "JSESSIONID")) == CANDIDATES_MOST
    assert len(presented_cookies([header(ONE.key, ONE.key)], "JSESSIONID")) == 1
    flood = [b"x" * COOKIE_BYTES_MOST, header(ONE.key)]
    assert presented_cookies(flood, "JSESSIONID") == ()


def test_a_browser_is_told_to_show_it_to_nobody_else() -> None:
    plain = set_cookie("JSESSIONID", ONE, is_secure=False).decode()
    assert plain == f"JSESSIONID={ONE.key}.node1; Path=/; HttpOnly; SameSite=Lax"
    assert set_cookie("JSESSIONID", ONE, is_secure=True).decode() == f"{plain}; Secure"


def test_what_is_derived_tells_nothing_of_what_it_is_derived_from() -> None:
    texts = {ONE.digest, ONE.csrf_token, ONE.post_digest("k"), ONE.post_digest("l"), ONE.key}
    others = {OTHER.digest, OTHER.csrf_token, OTHER.post_digest("k"), OTHER.key}
    assert len(texts | others) == len(texts) + len(others)
    assert ONE.key not in repr(ONE)


def test_the_token_of_a_form_belongs_to_one_session() -> None:
    assert ONE.is_csrf_token(ONE.csrf_token)
    for wrong in ("", OTHER.csrf_token, ONE.csrf_token[:-1], "\ud800", ONE.csrf_token.upper()):
        assert not ONE.is_csrf_token(wrong)


@given(KEYS, KEYS, st.text(max_size=40))
def test_a_renewed_cookie_is_read_by_who_repeats_the_post_alone(
    old: bytes, new: bytes, post_key: str
) -> None:
    before, after = cookie_of(old, "node1"), cookie_of(new, "node2")
    sealed = before.sealed(post_key, after)
    assert before.unsealed(post_key, sealed).key == after.key
    assert before.unsealed(post_key + "x", sealed).key != after.key
    assert after.key not in sealed
