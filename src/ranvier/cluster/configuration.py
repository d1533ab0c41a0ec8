"""The configuration that all nodes share: one revision after the other, each agreed to by all.

A revision names the one that it replaces, so that of two that were made at the same time one is
refused. It counts when every running node has looked at it and said that it can live with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class RevisionState(Enum):
    """What has become of a revision; of the accepted ones the latest is in force."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ConfigurationRevision:
    """Values of keys as texts, as a file would have them, and who set them when.

    The time is in milliseconds since 1970. Before anything was set, revision 0 is in force.
    """

    number: int = 0
    replaces: int = 0
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Some are secrets: they are never shown."""
    author: str = ""
    made_at_ms: int = 0
    state: RevisionState = RevisionState.ACCEPTED
    reason: str = ""
    """Why it was refused, as a sentence."""


def changed(values: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """Return values after changes; None takes a key away, so that each node's own counts again."""
    kept = {name: text for name, text in values.items() if name not in changes}
    return kept | {name: text for name, text in changes.items() if text is not None}


def refusal_of(
    running: Mapping[str, str] | None, verdicts: Mapping[str, str], *, is_late: bool
) -> str | None:
    """Decide on a proposed revision: a sentence refuses it, an empty one accepts it, None waits.

    `running` are the names of the nodes that have to agree, by their ids, or None while nobody here
    knows them, as after the database was out of reach; `verdicts` are what nodes have said, an
    empty text for agreement.
    """
    if running is None:
        return "This node had lost touch with the others: set it again." if is_late else None
    for node_id, refusal in verdicts.items():
        if refusal and node_id in running:
            return f"Node {running[node_id]} refuses it: {refusal}"
    missing = sorted(name for node_id, name in running.items() if node_id not in verdicts)
    if not missing:
        return ""
    if not is_late:
        return None
    return (
        f"Node {missing[0]} has not said whether it can take it: set it again when that node is"
        " well, or has been stopped."
    )
