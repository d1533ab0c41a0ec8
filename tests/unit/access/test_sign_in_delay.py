from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.access.sign_in_delay import (
    ADDRESS_RULE,
    FORGOTTEN_AFTER_SECONDS,
    USER_RULE,
    DelayRule,
    SeenFailures,
    admit,
    counting,
    subjects_of,
    wait_of,
)

RULE = DelayRule(2, 1.0, 10.0, 100.0)
HERE = subjects_of("anna", "192.0.2.1")


@pytest.mark.parametrize(
    ("count", "age", "wait"),
    [
        (0, 0.0, 0.0),
        (1, 0.0, 0.0),
        (2, 0.0, 1.0),
        (3, 0.0, 2.0),
        (5, 0.0, 8.0),
        (6, 0.0, 10.0),
        (10**9, 0.0, 10.0),
        (3, 0.5, 1.5),
        (3, 2.0, 0.0),
        (6, 99.0, 0.0),
        (10**9, 100.0, 0.0),
    ],
)
def test_the_wait_doubles_up_to_its_bound(count: int, age: float, wait: float) -> None:
    assert wait_of(RULE, SeenFailures(count, age)) == wait


def test_failures_are_forgotten() -> None:
    assert counting(RULE, SeenFailures(7, 99.0)) == 7
    assert counting(RULE, SeenFailures(7, 100.0)) == 0


@given(st.integers(0, 10**12), st.floats(0, 10**6))
@pytest.mark.parametrize("rule", [USER_RULE, ADDRESS_RULE])
def test_nobody_is_locked_out_for_good(rule: DelayRule, count: int, age: float) -> None:
    wait = wait_of(rule, SeenFailures(count, age))
    assert 0 <= wait <= rule.most_seconds
    assert wait_of(rule, SeenFailures(count, rule.most_seconds)) == 0
    assert wait_of(rule, SeenFailures(count + 1, age)) >= wait


def test_a_stranger_is_counted_at_the_user() -> None:
    admission = admit(HERE, {})
    assert (admission.subject, admission.seen_count, admission.new_count) == (HERE.user, 0, 1)
    assert admission.wait_seconds == 0


def test_what_is_forgotten_is_counted_anew_and_compared_as_it_was_seen() -> None:
    admission = admit(HERE, {HERE.user: SeenFailures(9, FORGOTTEN_AFTER_SECONDS)})
    assert (admission.seen_count, admission.new_count, admission.wait_seconds) == (9, 1, 0.0)


def test_strangers_keep_nobody_from_a_familiar_place() -> None:
    seen = {
        HERE.user: SeenFailures(1000, 0.0),
        HERE.user_there: SeenFailures(0, 0.0, is_familiar=True),
    }
    admission = admit(HERE, seen)
    assert (admission.subject, admission.wait_seconds) == (HERE.user_there, 0.0)
    elsewhere = subjects_of("anna", "192.0.2.2")
    assert admit(elsewhere, seen).wait_seconds == USER_RULE.most_seconds


def test_a_familiar_place_has_its_own_delay() -> None:
    seen = {HERE.user_there: SeenFailures(5, 0.0, is_familiar=True)}
    assert admit(HERE, seen).wait_seconds == 2.0


def test_an_address_that_tries_many_users_waits() -> None:
    seen = {HERE.address: SeenFailures(ADDRESS_RULE.free_failures + 3, 1.0)}
    assert admit(HERE, seen).wait_seconds == 7.0
    assert admit(subjects_of("bert", "192.0.2.1"), seen).wait_seconds == 7.0


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("unknown", "unknown", True),
        ("unknown", "", False),
    ],
)
def test_addresses_are_one_where_one_has_them_all(one: str, other: str, *, is_one: bool) -> None:
    assert (subjects_of("a", one).address == subjects_of("b", other).address) is is_one
    assert (subjects_of("a", one).user_there == subjects_of("a", other).user_there) is is_one


@given(st.text(), st.text())
def test_subjects_are_short_and_apart_whatever_the_name(name: str, address: str) -> None:
    subjects = subjects_of(name, address).all()
    assert [len(each) for each in subjects] == [16, 16, 16]
    assert len(set(subjects)) == 3
