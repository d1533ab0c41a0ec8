"""Shares the segments of a stream over its consumers: evenly, with as few moves as that takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Consumer = TypeVar("Consumer")


def share(
    holders: Sequence[Consumer | None], consumers: Sequence[Consumer]
) -> list[Consumer | None]:
    """Return who should hold each segment, given who holds it now.

    No two consumers differ by more than one segment. A segment stays where it is unless its holder
    has too many; those who hold most keep the odd ones.
    """
    if not consumers:
        return [None] * len(holders)
    room = _quotas(holders, consumers)
    shares: list[Consumer | None] = []
    for holder in holders:
        stays = holder is not None and room.get(holder, 0) > 0
        if stays and holder is not None:
            room[holder] -= 1
        shares.append(holder if stays else None)
    takers = iter([each for each in consumers for _ in range(room[each])])
    return [next(takers) if holder is None else holder for holder in shares]


def _quotas(
    holders: Sequence[Consumer | None], consumers: Sequence[Consumer]
) -> dict[Consumer, int]:
    each, odd = divmod(len(holders), len(consumers))
    held = dict.fromkeys(consumers, 0)
    for holder in holders:
        if holder is not None and holder in held:
            held[holder] += 1
    most_first = sorted(consumers, key=lambda consumer: -held[consumer])
    quotas = dict.fromkeys(consumers, each)
    for consumer in most_first[:odd]:
        quotas[consumer] += 1
    return quotas
