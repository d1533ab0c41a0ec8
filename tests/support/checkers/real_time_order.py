"""What was acknowledged before something else was asked for stands before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.support.checkers.history import AppendNote, LoggedEvent, Told


def real_time_order_faults(
    notes: Sequence[AppendNote], log: Sequence[LoggedEvent]
) -> Iterator[str]:
    """Yield events that stand before one that was acknowledged before they were asked for."""
    places = {event.id: token for token, event in enumerate(log)}
    stored = [note for note in notes if note.id in places]
    by_invocation = sorted(stored, key=lambda note: note.invoked)
    by_completion = sorted(
        (note for note in stored if note.told is Told.OK), key=lambda note: note.completed
    )
    highest = -1
    latest = ""
    done = iter(by_completion)
    ahead = next(done, None)
    for note in by_invocation:
        while ahead is not None and ahead.completed < note.invoked:
            if places[ahead.id] > highest:
                highest, latest = places[ahead.id], ahead.id
            ahead = next(done, None)
        if places[note.id] < highest:
            yield (
                f"{note.id} was asked for after {latest} was acknowledged and stands before it"
                f" ({places[note.id]} < {highest})"
            )
