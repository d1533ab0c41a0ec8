"""Everything that an event store refuses, one class for each reason.

The texts of `InvalidSequence`, `SnapshotAheadOfEvents` and `ConditionNotMet` are part of the wire:
clients compare them.
"""

from __future__ import annotations

from typing import ClassVar

from ranvier.errors import RanvierError


class EventError(RanvierError):
    """The event store refuses; nothing of what was asked has been stored."""


class InvalidSequence(EventError):
    """An event's sequence number does not follow the last one of its aggregate."""

    code: ClassVar[str] = "AXONIQ-2000"

    def __init__(self, aggregate_id: str, expected: int, actual: int) -> None:
        super().__init__(
            f"Invalid sequence number {actual} for aggregate {aggregate_id}, expected {expected}"
        )
        self.aggregate_id = aggregate_id
        self.expected = expected
        self.actual = actual


class SnapshotAheadOfEvents(EventError):
    """A snapshot claims a sequence number that its aggregate has not reached."""

    code: ClassVar[str] = "AXONIQ-2000"

    def __init__(self, aggregate_id: str, last_sequence: int, snapshot_sequence: int) -> None:
        super().__init__(
            "Invalid sequence number while storing snapshot. Highest aggregate "
            f"{aggregate_id} sequence number: {last_sequence}, "
            f"snapshot sequence {snapshot_sequence}."
        )
        self.aggregate_id = aggregate_id
        self.last_sequence = last_sequence
        self.snapshot_sequence = snapshot_sequence


class ConditionNotMet(EventError):
    """An event at or after the marker matches one of the condition's criteria."""

    code: ClassVar[str] = "AXONIQ-0001"

    def __init__(self) -> None:
        super().__init__(
            "io.axoniq.axonserver.eventstore.api.ConsistencyConditionException: "
            "Consistency condition is not met."
        )


class BaseNotAccepted(EventError):
    """An append was made on top of one that was refused, or whose fate is not known."""

    code: ClassVar[str] = "RANVIER-BASE-NOT-ACCEPTED"
    retry_may_help: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__(
            "The append that this one builds on has not been stored; "
            "decide it again on the state that is."
        )


class ClaimLost(EventError):
    """The row that an append was to use up is gone, or somebody else has claimed it."""

    code: ClassVar[str] = "RANVIER-CLAIM-LOST"

    def __init__(self, token: str) -> None:
        super().__init__(
            f"The claim on {token} no longer holds: it was cancelled, or another claim came later."
        )
        self.token = token


class NoSuchScheduledEvent(EventError):
    """No event waits under that token."""

    code: ClassVar[str] = "AXONIQ-2610"

    def __init__(self, token: str) -> None:
        super().__init__(
            f"No scheduled event has the token {token!r}: it was published or cancelled; "
            "schedule a new one without a token."
        )
        self.token = token


class NoSuchEvent(EventError):
    """No event stands at that place of the context."""

    code: ClassVar[str] = "RANVIER-NO-SUCH-EVENT"

    def __init__(self, context: str, token: int) -> None:
        super().__init__(f"Context {context} has no event {token}: take it from what was read.")
        self.context = context
        self.token = token


class NoSuchSnapshot(EventError):
    """Nothing is kept under that key."""

    code: ClassVar[str] = "RANVIER-NO-SUCH-SNAPSHOT"

    def __init__(self, context: str) -> None:
        super().__init__(f"Context {context} has no snapshot under this key: add one first.")
        self.context = context


class UnknownContext(EventError):
    """The named context does not exist on this node."""

    code: ClassVar[str] = "AXONIQ-1302"

    def __init__(self, context: str) -> None:
        super().__init__(f"Context {context} not found: create it first, or correct its name.")
        self.context = context


class ContextExists(EventError):
    """A context of that name exists already."""

    code: ClassVar[str] = "AXONIQ-1304"

    def __init__(self, context: str) -> None:
        super().__init__(f"Context {context} exists already: choose another name.")
        self.context = context


class InvalidContextName(EventError):
    """A context cannot have this name: it would not fit in headers, paths and options."""

    code: ClassVar[str] = "AXONIQ-2308"

    def __init__(self, context: str) -> None:
        super().__init__(
            f"{context[:64]!r} cannot be the name of a context: begin with a letter and go on with "
            "letters, digits, - and _, at most 255 in all."
        )


class InternalContext(EventError):
    """A name that begins with an underscore belongs to the node itself."""

    code: ClassVar[str] = "AXONIQ-2305"

    def __init__(self, context: str) -> None:
        super().__init__(
            f"Context {context[:64]} is internal: names that begin with _ cannot be created, "
            "changed or deleted; choose another."
        )


class InvalidContextProperty(EventError):
    """A property of a context cannot be stored."""

    code: ClassVar[str] = "AXONIQ-2311"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The properties of a context are refused: {reason}.")


class InvalidEvent(EventError):
    """A part of an event, snapshot or name cannot be stored by every database that is supported."""

    code: ClassVar[str] = "RANVIER-INVALID-EVENT"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"The {field} {reason}.")
        self.field = field
        self.reason = reason


class PayloadTooLarge(EventError):
    """One append carries more bytes than the node takes."""

    code: ClassVar[str] = "AXONIQ-2001"

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(
            f"The events of this append are {size_bytes} bytes, the limit is {limit_bytes}: "
            "send less in one append."
        )
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes


class TooManyEvents(EventError):
    """One append carries more events than the node takes."""

    code: ClassVar[str] = "AXONIQ-2002"

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(
            f"This append has {count} events, the limit is {limit}: send fewer in one append."
        )
        self.count = count
        self.limit = limit
