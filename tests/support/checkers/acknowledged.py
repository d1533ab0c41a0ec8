"""Acknowledged means present: once; refused means absent; unknown may be either, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.support.checkers.history import AppendNote, LoggedEvent, Told


def acknowledged_faults(notes: Sequence[AppendNote], log: Sequence[LoggedEvent]) -> Iterator[str]:
    """Yield what the final log lacks, or has although it should not."""
    found = Counter(event.id for event in log)
    places = {event.id: token for token, event in enumerate(log)}
    for note in notes:
        count = found.pop(note.id, 0)
        if count > 1:
            yield f"{note.id} is stored {count} times"
        elif note.told is Told.OK and not count:
            yield f"{note.id} was acknowledged and is lost"
        elif note.told is Told.FAILED and count:
            yield f"{note.id} was refused and is stored"
        elif note.token is not None and count and places[note.id] != note.token:
            yield f"{note.id} was given token {note.token} and stands at {places[note.id]}"
    for stranger in found:
        yield f"{stranger} is stored and nobody appended it"
