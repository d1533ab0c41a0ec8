"""How the segments of an event processor are spread over its instances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ranvier.messages.errors import UnknownStrategy
from ranvier.messages.event_processor import ProcessorInstance

DEFAULT: Final = "default"
THREAD_NUMBER: Final = "threadNumber"

STRATEGIES: Final[Mapping[str, str]] = {
    DEFAULT: "Default (no action)",
    THREAD_NUMBER: "Thread number (as many segments for each client)",
}
"""The known strategies, each with a text for people."""


@dataclass(frozen=True, slots=True)
class Move:
    """A segment that shall go to a client."""

    segment_id: int
    target_client_id: str


def refuse_strategy(name: str) -> UnknownStrategy | None:
    """Say that there is no strategy of this name, or None if there is."""
    return None if name in STRATEGIES else UnknownStrategy(name, tuple(STRATEGIES))


def moves_to_balance(strategy: str, instances: Sequence[ProcessorInstance]) -> list[Move]:
    """Return the moves after which no instance has two segments more than one with a free thread.

    Instances that do not run, or whose processor does not stream, neither give nor take.
    """
    if strategy != THREAD_NUMBER:
        return []
    shares = [
        _Share.of(each) for each in instances if each.status.is_running and each.status.is_streaming
    ]
    moves: list[Move] = []
    while True:
        giver = max(shares, key=lambda share: len(share.segment_ids), default=None)
        takers = [share for share in shares if share.free_threads > 0]
        taker = min(takers, key=lambda share: len(share.segment_ids), default=None)
        if giver is None or taker is None:
            return moves
        if len(giver.segment_ids) - len(taker.segment_ids) < 2:
            return moves
        moves.append(Move(giver.give_to(taker), taker.client_id))


@dataclass(slots=True)
class _Share:
    client_id: str
    segment_ids: list[int]
    free_threads: int

    @classmethod
    def of(cls, instance: ProcessorInstance) -> _Share:
        segment_ids = sorted(each.segment_id for each in instance.status.segments)
        return cls(instance.client_id, segment_ids, instance.status.available_threads)

    def give_to(self, taker: _Share) -> int:
        segment_id = self.segment_ids.pop()
        self.free_threads += 1
        # In front: what was just moved is the last to be moved again.
        taker.segment_ids.insert(0, segment_id)
        taker.free_threads -= 1
        return segment_id
