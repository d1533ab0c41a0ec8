"""The port `ClusterConfiguration` in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ranvier.cluster.configuration import ConfigurationRevision, RevisionState
from ranvier.storage.cluster_configuration import ConfigurationLook


@dataclass
class MemoryConfiguration:
    """Revisions from number 1 on, and what nodes have said of them."""

    revisions: list[ConfigurationRevision] = field(default_factory=list)
    said: dict[tuple[int, str], str] = field(default_factory=dict)

    error: Exception | None = None
    """Raised by every look, where there is one."""

    async def look(self) -> ConfigurationLook:
        if self.error is not None:
            raise self.error
        accepted = [each for each in self.revisions if each.state is RevisionState.ACCEPTED]
        return ConfigurationLook(
            accepted[-1] if accepted else ConfigurationRevision(), self._proposed()
        )

    async def propose(self, revision: ConfigurationRevision) -> ConfigurationRevision | None:
        in_force = (await self.look()).in_force
        if in_force.number != revision.replaces or self._proposed() is not None:
            return None
        proposed = replace(revision, number=len(self.revisions) + 1, state=RevisionState.PROPOSED)
        self.revisions.append(proposed)
        return proposed

    async def judge(self, number: int, node_id: str, refusal: str) -> None:
        self.said[number, node_id] = refusal

    async def verdicts(self, number: int) -> Mapping[str, str]:
        return {node_id: said for (of, node_id), said in self.said.items() if of == number}

    async def decide(self, number: int, refusal: str) -> bool:
        revision = self.revisions[number - 1]
        if revision.state is not RevisionState.PROPOSED:
            return False
        state = RevisionState.REFUSED if refusal else RevisionState.ACCEPTED
        self.revisions[number - 1] = replace(revision, state=state, reason=refusal)
        return True

    async def history(self, limit: int) -> Sequence[ConfigurationRevision]:
        return self.revisions[::-1][:limit]

    def _proposed(self) -> ConfigurationRevision | None:
        proposed = [each for each in self.revisions if each.state is RevisionState.PROPOSED]
        return proposed[0] if proposed else None
