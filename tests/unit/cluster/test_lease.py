"""Who believes in a lease, who calls it run out; the first ends before the second."""

from __future__ import annotations

import random

from ranvier.cluster.lease import HolderWatch, LeaseTimes, looked, run_out, trusted_until

TIMES = LeaseTimes(beat_seconds=0.5, trust_seconds=1.5, ttl_seconds=2.5)


def watched(*looks: tuple[float, dict[str, int]]) -> HolderWatch:
    watch = HolderWatch()
    for now, counters in looks:
        watch = looked(watch, counters, now, TIMES)
    return watch


def test_nobody_has_run_out_before_anybody_looked() -> None:
    assert run_out(HolderWatch(), TIMES) == []


def test_a_holder_has_run_out_when_its_counter_stood_still_for_the_whole_time() -> None:
    looks = [(now / 2, {"silent": 7, "lively": now}) for now in range(1, 6)]
    assert run_out(watched(*looks), TIMES) == []
    assert run_out(watched(*looks, (3.0, {"silent": 7, "lively": 6})), TIMES) == [("silent", 7)]


def test_a_counter_that_moved_at_the_last_moment_is_watched_anew() -> None:
    looks = [(now / 2, {"a": 7}) for now in range(1, 6)]
    assert run_out(watched(*looks, (3.0, {"a": 8})), TIMES) == []


def test_who_is_gone_is_forgotten() -> None:
    assert dict(watched((1.0, {"a": 1}), (1.5, {})).counters) == {}


def test_an_observer_that_was_away_itself_begins_anew() -> None:
    looks = [(1.0, {"a": 7}), (2.0, {"a": 7}), (3600.0, {"a": 7}), (3601.0, {"a": 7})]
    assert run_out(watched(*looks), TIMES) == []
    assert run_out(watched(*looks, (3602.5, {"a": 7})), TIMES) == [("a", 7)]


def test_trust_counts_from_before_the_beat_was_sent() -> None:
    assert trusted_until(10.0, TIMES) == 11.5


def test_no_two_ever_believe_at_the_same_time() -> None:
    """Any delays of beats, commits and looks; clocks that differ by an hour but run alike."""
    for seed in range(300):
        chance = random.Random(seed)
        skew = chance.uniform(-3600, 3600)
        asked_at = committed_at = now = 0.0
        counter = 0
        watch = HolderWatch()
        while not run_out(watch, TIMES):
            now += chance.uniform(0.0, 0.7)
            if chance.random() < 0.3 and now < 20:
                asked_at, committed_at = now, now + chance.uniform(0.0, 0.6)
                counter += 1
            if now >= committed_at:
                watch = looked(watch, {"a": counter}, now + skew, TIMES)
        assert now >= trusted_until(asked_at, TIMES), f"seed {seed}"
