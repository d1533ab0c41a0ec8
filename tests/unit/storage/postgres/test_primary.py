from __future__ import annotations

import pytest

from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.postgres.primary import KnownPrimary

DATABASE, ANOTHER = 7_001, 7_002


def test_a_later_life_of_the_same_database_is_believed_and_its_former_one_no_more() -> None:
    primary = KnownPrimary()
    seen: list[int] = []
    primary.watch(lambda: seen.append(primary.timeline))
    for timeline in (1, 1, 2):
        primary.meet(DATABASE, timeline)
    assert seen == [1, 2]
    with pytest.raises(StorageUnavailable, match="former primary"):
        primary.meet(DATABASE, 1)
    assert primary.timeline == 2


def test_what_another_node_has_seen_counts_as_much() -> None:
    primary = KnownPrimary()
    primary.meet(DATABASE, 1)
    primary.hear_of(DATABASE, 3)
    with pytest.raises(StorageUnavailable, match="former primary"):
        primary.meet(DATABASE, 2)
    primary.meet(DATABASE, 3)


def test_the_timeline_of_another_database_says_nothing() -> None:
    primary = KnownPrimary()
    primary.hear_of(ANOTHER, 3)
    primary.meet(DATABASE, 1)
    primary.hear_of(ANOTHER, 3)
    primary.meet(DATABASE, 1)
    assert (primary.system_identifier, primary.timeline) == (DATABASE, 1)


def test_another_database_at_the_same_address_is_refused_whatever_its_timeline() -> None:
    primary = KnownPrimary()
    primary.meet(DATABASE, 1)
    with pytest.raises(StorageUnavailable, match="another database"):
        primary.meet(ANOTHER, 5)
    assert primary.timeline == 1
