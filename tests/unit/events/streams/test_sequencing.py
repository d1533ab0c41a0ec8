"""The sequencing policies: which events go to one segment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ranvier.events.streams.errors import UnknownSequencingPolicy
from ranvier.events.streams.sequencing import hash_of, policy_of, segment_of


@dataclass(frozen=True)
class Event:
    place: int = 7
    aggregate_id: str = ""
    payload: bytes = b""
    meta: dict[str, str] = field(default_factory=dict)

    def meta_text(self, key: str) -> str | None:
        return self.meta.get(key)


@pytest.mark.parametrize(
    ("name", "parameters", "event", "key"),
    [
        ("", (), Event(aggregate_id="a"), "a"),
        ("SequentialPerAggregatePolicy", (), Event(aggregate_id="a"), "a"),
        ("SequentialPerAggregatePolicy", (), Event(), "#7"),
        ("SequentialPolicy", (), Event(aggregate_id="a"), ""),
        ("FullConcurrencyPolicy", (), Event(aggregate_id="a"), "#7"),
        ("MetaDataSequencingPolicy", ("tenant",), Event(meta={"tenant": "x"}), "x"),
        ("MetaDataSequencingPolicy", ("tenant",), Event(meta={"tenant": ""}), ""),
        ("MetaDataSequencingPolicy", ("tenant",), Event(), "#7"),
        ("PropertySequencingPolicy", ("id",), Event(payload=b'{"id": "x"}'), "x"),
        ("PropertySequencingPolicy", ("JSON", "$.id"), Event(payload=b'{"id": 5}'), "5"),
        ("PropertySequencingPolicy", ("id",), Event(payload=b"<id>x</id>"), "#7"),
        ("PropertySequencingPolicy", ("xml", "//id"), Event(payload=b"<a><id>x</id></a>"), "x"),
    ],
)
def test_keys(name: str, parameters: tuple[str, ...], event: Event, key: str) -> None:
    assert policy_of(name, parameters)(event) == key


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("sequentialpolicy", ()),
        ("MetaDataSequencingPolicy", ()),
        ("MetaDataSequencingPolicy", ("",)),
        ("MetaDataSequencingPolicy", ("a", "b")),
        ("PropertySequencingPolicy", ()),
        ("PropertySequencingPolicy", ("$.",)),
        ("PropertySequencingPolicy", ("xml", "//")),
        ("PropertySequencingPolicy", ("yaml", "id")),
        ("PropertySequencingPolicy", ("json", "json", "id")),
    ],
)
def test_policies_that_cannot_be_used(name: str, parameters: tuple[str, ...]) -> None:
    with pytest.raises(UnknownSequencingPolicy, match="cannot be used") as refused:
        policy_of(name, parameters)
    assert refused.value.code == "RANVIER-SEQUENCING-POLICY"


def test_hashes_are_the_same_for_ever() -> None:
    assert [hash_of(key) for key in ("", "a", "ä")] == [0, 3904355907, 1890972035]


@given(some.text(alphabet=some.characters(exclude_categories=["Cs"])), some.integers(1, 1024))
def test_a_key_has_one_segment(key: str, count: int) -> None:
    assert 0 <= segment_of(hash_of(key), count) < count


@pytest.mark.parametrize("count", [2, 3, 8, 10])
def test_keys_are_spread(count: int) -> None:
    counts = Counter(segment_of(hash_of(f"order-{number}"), count) for number in range(10_000))
    assert min(counts.values()) > 0.8 * 10_000 / count
