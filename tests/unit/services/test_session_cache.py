from __future__ import annotations

from ranvier.access.session import Session
from ranvier.services.session_cache import SessionCache

PLAIN = Session("handle", 1, None, 1, 1, "node1")
DRAFTED = Session("handle", 1, None, 1, 1, "node1", {"form": {"x": "12345"}})


def test_those_used_longest_ago_are_forgotten_first() -> None:
    cache = SessionCache(count_most=2)
    cache.keep("a", PLAIN)
    cache.keep("b", PLAIN)
    assert cache.find("a") == PLAIN
    cache.keep("c", PLAIN)
    assert [cache.find(each) for each in "abc"] == [PLAIN, None, PLAIN]
    assert len(cache) == 2


def test_drafts_have_a_bound_of_their_own() -> None:
    cache = SessionCache(bytes_most=25)
    for name in "abc":
        cache.keep(name, DRAFTED)
    assert [cache.find(each) for each in "abc"] == [None, DRAFTED, DRAFTED]
    cache.keep("b", PLAIN)
    cache.keep("d", DRAFTED)
    assert cache.find("c") == DRAFTED
    cache.forget("nobody")
    for name in "bcd":
        cache.forget(name)
    assert len(cache) == 0
