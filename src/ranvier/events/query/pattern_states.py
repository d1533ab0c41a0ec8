"""Unrolls a pattern into states between which characters lead (after K. Thompson, 1968)."""

from __future__ import annotations

from ranvier.events.query.bounds import MAXIMUM_PATTERN_STATES
from ranvier.events.query.pattern_syntax import Choice, Letters, Part, Repetition, Series

# The state at which the whole pattern has been found.
FOUND = 0


class TooManyStatesError(ValueError):
    """The pattern unrolls into more states than the bound allows."""


class States:
    """The states of a pattern, as numbers.

    At a state in `wanted` one of its letters leads on to one other state; from one in `branches`
    several ways lead on without a character. `start` is the first.
    """

    def __init__(self, pattern: Part) -> None:
        self.wanted: dict[int, tuple[Letters, int]] = {}
        self.branches: dict[int, tuple[int, ...]] = {}
        self._count = 0
        self.start = self._before(FOUND, pattern)

    def settled_at(self, state: int) -> frozenset[int]:
        """Return where one stands on arriving at `state`: at wanting states, or at `FOUND`."""
        seen: set[int] = set()
        waiting = [state]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting.extend(self.branches.get(current, ()))
        return frozenset(seen - self.branches.keys())

    def _before(self, following: int, part: Part) -> int:
        """Add the states of `part`, which lead on to `following`; return the first of them."""
        if isinstance(part, Letters):
            return self._wanting(part, following)
        # Counted as a state, so that an empty part that is repeated costs what any other does.
        self._next_state()
        match part:
            case Series(parts):
                for each in reversed(parts):
                    following = self._before(following, each)
                return following
            case Choice(options):
                return self._branching(*(self._before(following, each) for each in options))
            case _:
                first = self._optional(part, following)
                for _ in range(part.least):
                    first = self._before(first, part.part)
                return first

    def _optional(self, repetition: Repetition, following: int) -> int:
        if repetition.most is None:
            again = self._branching()
            self.branches[again] = (self._before(again, repetition.part), following)
            return again
        first = following
        for _ in range(repetition.most - repetition.least):
            first = self._branching(self._before(first, repetition.part), following)
        return first

    def _wanting(self, letters: Letters, following: int) -> int:
        state = self._next_state()
        self.wanted[state] = (letters, following)
        return state

    def _branching(self, *ways: int) -> int:
        state = self._next_state()
        self.branches[state] = ways
        return state

    def _next_state(self) -> int:
        self._count += 1
        if self._count > MAXIMUM_PATTERN_STATES:
            raise TooManyStatesError
        return self._count
