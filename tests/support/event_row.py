"""An event as the query language sees it, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field

from ranvier.events.query import Value


@dataclass(frozen=True, slots=True)
class EventRow:
    """A row with the cells that it is given; the others are empty texts."""

    cells: dict[str, Value] = field(default_factory=dict)

    def cell(self, column: str) -> Value:
        """Return a cell."""
        return self.cells.get(column, "")


ACCOUNT_OPENED = EventRow(
    {
        "token": 5,
        "eventIdentifier": "e-5",
        "aggregateIdentifier": "account-1",
        "aggregateSequenceNumber": 3,
        "aggregateType": "Account",
        "payloadType": "com.acme.AccountOpened",
        "payloadRevision": "2",
        "payloadData": '{"owner":"ACME","limit":1.5}',
        "timestamp": 1_700_000_000_123,
        "metaData": {"traceId": "t-1", "attempt": 2, "retried": True},
    }
)
