"""A shared configuration: one chain of revisions, each agreed to by all nodes that ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.support.checkers.history import Told


@dataclass(frozen=True, slots=True)
class Decision:
    """A revision that was accepted or refused, and what was known when that was decided."""

    number: int
    replaces: int
    value: int
    """Each author adds one to what he has seen."""
    is_accepted: bool
    verdicts: Mapping[str, str]
    """By node: why it cannot live with it; empty where it can."""
    asked: frozenset[str]
    """The nodes that had been running for long."""


@dataclass(frozen=True, slots=True)
class ChangeNote:
    """What an author was told of a change that became this revision, if it became one."""

    number: int | None
    told: Told


def configuration_faults(
    decisions: Iterable[Decision], notes: Iterable[ChangeNote]
) -> Iterator[str]:
    """Yield lost changes, revisions that not all have agreed to, and authors told what is not so.

    The decisions come in the order in which they were made.
    """
    before, value = 0, 0
    accepted = set()
    for decision in decisions:
        if not decision.is_accepted:
            continue
        accepted.add(decision.number)
        if decision.replaces != before:
            yield f"revision {decision.number} replaces {decision.replaces}, {before} was in force"
        if decision.value != value + 1:
            yield f"revision {decision.number} makes {decision.value} of {value}: a change is lost"
        before, value = decision.number, decision.value
        for node in sorted(decision.asked):
            if decision.verdicts.get(node) != "":
                yield f"revision {decision.number} counts, and {node} has not agreed to it"
    for note in notes:
        if note.told is Told.OK and note.number not in accepted:
            yield f"the author of {note.number} was told that it counts, and it does not"
        if note.told is Told.FAILED and note.number in accepted:
            yield f"the author of {note.number} was told that it is refused, and it counts"
