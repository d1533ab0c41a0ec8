"""A command has one effect at most; a key has one handler at a time, in its client's order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.support.checkers.history import CommandNote, Effect, Told


def command_faults(notes: Sequence[CommandNote], effects: Sequence[Effect]) -> Iterator[str]:
    """Yield second effects, effects of what was refused, overlaps and changes of order."""
    yield from effect_count_faults(notes, effects)
    by_id = {note.id: note for note in notes}
    last: dict[str, Effect] = {}
    numbers: dict[tuple[str, str], int] = {}
    for effect in sorted(effects, key=lambda own: own.began):
        note = by_id.get(effect.command_id)
        if note is None:
            continue
        before = last.get(note.key)
        if before is not None and before.handler != effect.handler and before.ended > effect.began:
            yield f"{note.key} was handled by {before.handler} and {effect.handler} at once"
        if before is None or effect.ended > before.ended:
            last[note.key] = effect
        own = (note.key, note.client)
        if note.number < numbers.get(own, -1):
            yield f"{note.id} of {note.client} was handled after a later one for {note.key}"
        numbers[own] = max(note.number, numbers.get(own, -1))


def effect_count_faults(notes: Sequence[CommandNote], effects: Sequence[Effect]) -> Iterator[str]:
    """Yield second effects, missing ones, and effects of what was refused or never sent."""
    counts = Counter(effect.command_id for effect in effects)
    for note in notes:
        count = counts.pop(note.id, 0)
        if count > 1:
            yield f"{note.id} had {count} effects"
        elif note.told is Told.OK and not count:
            yield f"{note.id} was answered and had no effect"
        elif note.told is Told.FAILED and count:
            yield f"{note.id} was refused and had an effect"
    for stranger in counts:
        yield f"{stranger} had an effect and nobody sent it"
