"""Between the marker of a condition and the event that bore it stands no event that matches."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tests.support.checkers.history import AppendNote, LoggedEvent


def append_condition_faults(
    notes: Sequence[AppendNote], log: Sequence[LoggedEvent]
) -> Iterator[str]:
    """Yield events that were stored although their condition was not met."""
    places: dict[str, int] = {}
    by_key: dict[str, list[int]] = defaultdict(list)
    for token, event in enumerate(log):
        places[event.id] = token
        for key in event.keys:
            by_key[key].append(token)
    for note in notes:
        own = places.get(note.id)
        if own is None or note.condition is None:
            continue
        for key in sorted(note.condition.keys):
            tokens = by_key[key]
            at = bisect_left(tokens, note.condition.marker)
            if at < len(tokens) and tokens[at] < own:
                yield (
                    f"{note.id} at {own} asked for no {key} from {note.condition.marker} on;"
                    f" there is one at {tokens[at]}"
                )
