"""A reader gets every event from its start on, once, in order, and the same as all others get."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.support.checkers.history import Delivery, LoggedEvent


def reader_faults(
    deliveries: Sequence[Delivery], log: Sequence[LoggedEvent], *, start: int = 0
) -> Iterator[str]:
    """Yield what was skipped, came again, came out of order, or is not in the final log."""
    due = start
    for delivery in deliveries:
        if delivery.token < due:
            yield f"{delivery.token} came when {due} was due: again, or out of order"
            continue
        if delivery.token > due:
            yield f"{due} to {delivery.token - 1} were skipped"
        due = delivery.token + 1
        if delivery.token >= len(log):
            yield f"{delivery.token} was given to a reader and is not in the log"
        elif log[delivery.token].id != delivery.id:
            yield (
                f"a reader got {delivery.id} at {delivery.token},"
                f" where the log has {log[delivery.token].id}"
            )
