"""A revision of the shared configuration as the columns of its row, the same in every database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ranvier.cluster.configuration import ConfigurationRevision, RevisionState
from ranvier.storage.cluster_configuration import ConfigurationLook


def revision_of(
    number: int, replaces: int, settings: str, author: str, *rest: Any
) -> ConfigurationRevision:
    """Return the revision of a row."""
    made_at_ms, state, reason = rest
    values = json.loads(settings)
    return ConfigurationRevision(
        number, replaces, values, author, made_at_ms, RevisionState(state), reason
    )


def look_of(rows: Sequence[Sequence[Any]]) -> ConfigurationLook:
    """Return what the rows of the revision in force and of the proposed one say."""
    revisions = [revision_of(*row) for row in rows]
    accepted = [each for each in revisions if each.state is RevisionState.ACCEPTED]
    proposed = [each for each in revisions if each.state is RevisionState.PROPOSED]
    return ConfigurationLook(
        accepted[0] if accepted else ConfigurationRevision(), proposed[0] if proposed else None
    )


def row_of(revision: ConfigurationRevision) -> tuple[Any, ...]:
    """Return the columns of a new revision, without its number and its state."""
    settings = json.dumps(dict(sorted(revision.values.items())))
    return revision.replaces, settings, revision.author, revision.made_at_ms
