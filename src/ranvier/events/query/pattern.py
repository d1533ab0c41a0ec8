"""Matches patterns against whole texts, in a time that no pattern can make explode.

No backtracking: all ways through a pattern are followed at once, as a set of states, and the step
from one set to the next is remembered by its character, so that a character costs one look-up
as soon as its like has been seen (a deterministic automaton, built while it runs).
"""

from __future__ import annotations

from collections.abc import Callable

from ranvier.events.query.bounds import (
    MAXIMUM_MATCH_VISITS,
    MAXIMUM_PATTERN_STATES,
    MAXIMUM_REMEMBERED_STATES,
)
from ranvier.events.query.errors import QueryError
from ranvier.events.query.pattern_states import FOUND, States, TooManyStatesError
from ranvier.events.query.pattern_syntax import ANY, Letters, Part, Series, read_pattern
from ranvier.events.query.syntax import Text


def compile_pattern(text: Text) -> Callable[[str], bool]:
    """Return a function that tells whether a whole text fits the pattern.

    Raises:
        QueryError: the pattern cannot be read or goes over a bound. The function raises it too,
            where one text would take more work than the bounds allow.
    """
    pattern = read_pattern(text)
    try:
        states = States(pattern)
    except TooManyStatesError as error:
        remedy = f"unrolls into more than {MAXIMUM_PATTERN_STATES} states; repeat less."
        raise _refusal(text, remedy) from error
    needed, automaton = _needed_text(pattern), _Automaton(states, text)
    return lambda subject: needed in subject and automaton.fits(subject)


class _Standing:
    """All states at which one can stand after some characters, and where they lead."""

    __slots__ = ("following", "found", "is_settled", "states")

    def __init__(self, states: frozenset[int], *, is_settled: bool) -> None:
        self.states = states
        self.found = FOUND in states
        self.is_settled = is_settled
        self.following: dict[str, _Standing] = {}


class _Automaton:
    """One pattern, and what its earlier texts taught about it."""

    def __init__(self, states: States, text: Text) -> None:
        self._states = states
        self._text = text
        self._arrivals: dict[int, frozenset[int]] = {}
        self._forget()

    def fits(self, subject: str) -> bool:
        """Tell whether the whole subject fits."""
        standing = self._start
        visits = 0
        for character in subject:
            if standing.is_settled:
                break
            following = standing.following.get(character)
            if following is None:
                following, cost = self._learn(standing, character)
                visits += cost
                if visits > MAXIMUM_MATCH_VISITS:
                    remedy = "takes too long on the text of an event; make it simpler."
                    raise _refusal(self._text, remedy)
            standing = following
        return standing.found

    def _learn(self, standing: _Standing, character: str) -> tuple[_Standing, int]:
        if self._remembered > MAXIMUM_REMEMBERED_STATES:
            self._forget()
            standing.following = {}
        arrived: set[int] = set()
        cost = 1
        for state in standing.states - {FOUND}:
            letters, target = self._states.wanted[state]
            if letters.include(character):
                arrivals = self._arrivals_at(target)
                arrived |= arrivals
                cost += len(arrivals)
        cost += len(standing.states)
        following = self._standing_at(frozenset(arrived))
        standing.following[character] = following
        self._remembered += 1
        return following, cost

    def _standing_at(self, states: frozenset[int]) -> _Standing:
        known = self._known.get(states)
        if known is None:
            known = _Standing(states, is_settled=not states or self._is_found_for_ever(states))
            self._known[states] = known
            self._remembered += len(states)
        return known

    def _is_found_for_ever(self, states: frozenset[int]) -> bool:
        """Whether all further text fits: by a state that takes anything, stays, and is found."""
        return FOUND in states and any(
            letters == ANY and {state, FOUND} <= self._arrivals_at(target)
            for state in states - {FOUND}
            for letters, target in [self._states.wanted[state]]
        )

    def _arrivals_at(self, state: int) -> frozenset[int]:
        arrivals = self._arrivals.get(state)
        if arrivals is None:
            arrivals = self._arrivals[state] = self._states.settled_at(state)
        return arrivals

    def _forget(self) -> None:
        self._known: dict[frozenset[int], _Standing] = {}
        self._remembered = 0
        self._start = self._standing_at(self._arrivals_at(self._states.start))


def _needed_text(pattern: Part) -> str:
    """Return a text that every subject must contain: the longest run of plain characters."""
    runs = [""]
    for part in pattern.parts if isinstance(pattern, Series) else (pattern,):
        if isinstance(part, Letters) and not part.negated and _is_one(part):
            runs[-1] += part.ranges[0][0]
        else:
            runs.append("")
    return max(runs, key=len)


def _is_one(letters: Letters) -> bool:
    return len(letters.ranges) == 1 and letters.ranges[0][0] == letters.ranges[0][1]


def _refusal(text: Text, fault: str) -> QueryError:
    position = text.offset + 1
    return QueryError(
        f"The pattern at position {position} {fault}", position=position, word=text.value
    )
