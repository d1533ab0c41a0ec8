"""Append ids: unique, in the order of time, shaped as UUID version 7."""

from __future__ import annotations

from uuid import UUID

from ranvier.services.append_id import AppendIds


def counted(count: int) -> bytes:
    return bytes(range(count))


def test_an_id_is_a_uuid_of_version_7_with_the_time_in_front() -> None:
    append_id = AppendIds(lambda: 0x0123_4567_89AB, counted)()
    assert len(append_id) == 16
    assert append_id[:6].hex() == "0123456789ab"
    assert UUID(bytes=append_id).version == 7
    assert UUID(bytes=append_id).variant == "specified in RFC 4122"


def test_ids_of_one_millisecond_differ() -> None:
    mint = AppendIds(lambda: 1, counted)
    assert len({mint() for _ in range(10_000)}) == 10_000


def test_a_later_id_sorts_behind_an_earlier_one() -> None:
    times = iter([5, 6, 1_000_000])
    mint = AppendIds(lambda: next(times), lambda count: b"\xff" * count)
    ids = [mint(), mint(), mint()]
    assert ids == sorted(ids)


def test_two_minters_with_other_randomness_never_meet() -> None:
    one = AppendIds(lambda: 7, lambda count: b"\x00" * count)
    other = AppendIds(lambda: 7, lambda count: b"\x55" * count)
    assert not {one() for _ in range(1000)} & {other() for _ in range(1000)}
