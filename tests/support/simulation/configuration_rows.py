"""The rows of the shared configuration in the simulated database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ranvier.cluster.configuration import ConfigurationRevision, RevisionState
from tests.support.checkers.configuration import Decision

COUNTER: Final = "counter"
"""What each author raises by one."""


class ConfigurationRows:
    """Revisions from number 1 on, and what nodes have said of them."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self._revisions: list[ConfigurationRevision] = []
        self._said: dict[int, dict[str, str]] = {}

    @property
    def in_force(self) -> ConfigurationRevision:
        """The latest that was accepted."""
        for revision in reversed(self._revisions):
            if revision.state is RevisionState.ACCEPTED:
                return revision
        return ConfigurationRevision()

    @property
    def proposed(self) -> ConfigurationRevision | None:
        """The one that nodes are asked about."""
        last = self._revisions[-1] if self._revisions else None
        return last if last is not None and last.state is RevisionState.PROPOSED else None

    def propose(self, revision: ConfigurationRevision) -> ConfigurationRevision | None:
        """Keep a revision, unless what it replaces is in force no more or another one waits."""
        if self.proposed is not None or revision.replaces != self.in_force.number:
            return None
        number = len(self._revisions) + 1
        self._revisions.append(replace(revision, number=number, state=RevisionState.PROPOSED))
        return self._revisions[-1]

    def judge(self, number: int, node: str, refusal: str) -> None:
        """Keep what a node says."""
        self._said.setdefault(number, {})[node] = refusal

    def verdicts(self, number: int) -> Mapping[str, str]:
        """Return what was said of a revision."""
        return dict(self._said.get(number, {}))

    def decide(self, number: int, refusal: str, asked: frozenset[str]) -> bool:
        """Accept or refuse a revision, once."""
        revision = self._revisions[number - 1]
        if revision.state is not RevisionState.PROPOSED:
            return False
        state = RevisionState.REFUSED if refusal else RevisionState.ACCEPTED
        self._revisions[number - 1] = replace(revision, state=state, reason=refusal)
        counter = int(revision.values[COUNTER])
        said = self.verdicts(number)
        self.decisions.append(
            Decision(number, revision.replaces, counter, not refusal, said, asked)
        )
        return True
