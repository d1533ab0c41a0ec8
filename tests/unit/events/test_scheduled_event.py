from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ranvier.events.append import Accepted, Append, Refused
from ranvier.events.claim import Claim
from ranvier.events.errors import ClaimLost
from ranvier.events.facts import Facts, needs_of
from ranvier.events.fold import fold
from ranvier.events.scheduled_event import ATTEMPTS_AT_MOST, LONGEST_PAUSE_MS, refusal_of
from tests.support.new_events import new_event

CLAIM = Claim("t", 3)


def claiming(number: int, claim: Claim = CLAIM) -> Append:
    return Append(number.to_bytes(16, "big"), (new_event(f"a{number}"),), claim=claim)


@pytest.mark.parametrize(
    ("attempts", "pause_ms"), [(0, 1_000), (1, 2_000), (2, 4_000), (8, 256_000)]
)
def test_pauses_double(attempts: int, pause_ms: int) -> None:
    refusal = refusal_of(attempts, "no", 5_000, is_passing=False)
    assert (refusal.attempts, refusal.retry_at_ms) == (attempts + 1, 5_000 + pause_ms)
    assert refusal.error == "no"


def test_the_last_refusal_parks() -> None:
    refusal = refusal_of(ATTEMPTS_AT_MOST - 1, "no", 5_000, is_passing=False)
    assert (refusal.attempts, refusal.retry_at_ms) == (ATTEMPTS_AT_MOST, None)


@given(some.integers(0, ATTEMPTS_AT_MOST - 1))
def test_a_passing_failure_is_never_counted_and_tried_soon(attempts: int) -> None:
    refusal = refusal_of(attempts, "full", 0, is_passing=True)
    assert refusal.attempts == attempts
    assert refusal.retry_at_ms is not None
    assert 0 < refusal.retry_at_ms <= LONGEST_PAUSE_MS


def test_an_append_asks_for_its_claim() -> None:
    assert needs_of([claiming(1)]).claims == {CLAIM}


def test_a_claim_is_used_once_and_only_while_it_is_held() -> None:
    sequences = {f"a{number}": -1 for number in range(4)}
    facts = Facts(7, sequences, held_claims=frozenset({CLAIM}))
    gone = claiming(1, Claim("t", 2))
    wrong = Append(b"w" * 16, (new_event("a0", 5),), claim=CLAIM)
    decisions = fold(facts, [gone, wrong, claiming(2), claiming(3)])
    kinds = [type(each.error) if isinstance(each, Refused) else each for each in decisions]
    assert kinds[0] is ClaimLost
    assert kinds[1] is not ClaimLost, "a refused append uses no claim up"
    assert kinds[2:] == [Accepted(7, 1), ClaimLost]
