"""Why a message got no answer from a handler, or a subscription no place.

Most of them reach callers in band: as an answer that bears the code, with the status OK.

MessageError
├── NoCommandHandler       4000  nobody handles commands of that name
├── CommandHandlerLost     4001  the handler went away with the command: the outcome is unknown
├── CommandTimedOut        4002  no answer came in time: the outcome is unknown
├── DuplicateCommand       4005  the id is in flight already
├── QueueFull              1900  too much waits for the handler
├── NoQueryHandler         5000  nobody handles queries of that name
├── QueryTimedOut          5006  no answer came in time
├── DuplicateQuery         5007  the id is in flight already
├── QueryHandlerLost       4001  the handler went away before it had answered
├── UpdatesNotTaken        1900  more updates wait than a caller may leave unread
├── TooManySubscriptionQueries 1900  so have the subscription queries of a node
├── NotSubscribed                an initial result is asked for before the subscription
├── SubscribedAlready            a call that has its subscription query asks for one more
├── InstructionRefused     1003  what a handler's stream asked for cannot be done
│   ├── NameMissing              a subscription must say to what
│   ├── NameTooLong              names have a limit
│   ├── TooManySubscriptions     so have the names of one stream
│   └── PermitsNotPositive       a grant adds at least one permit
├── UnknownProcessor       2800  no connected client runs that event processor
├── NoSegmentClaimed       2800  clients run it, and none works on a segment
├── UnknownTarget          2801  the client that shall take a segment does not run the processor
├── NoFreeThread           2802  it does, and has no thread for one more segment
├── OnlyOneSegment               there is nothing to merge
└── UnknownStrategy              segments are not spread in that way
"""

from __future__ import annotations

from typing import ClassVar, Final

from ranvier.errors import RanvierError
from ranvier.messages.event_processor import ProcessorId

SHOWN_LENGTH: Final = 200
"""Characters of a caller's own text that an error repeats."""


class MessageError(RanvierError):
    """A message could not be handled, or a subscription not be made."""

    code: ClassVar[str] = "AXONIQ-0001"


class NoCommandHandler(MessageError):
    """No connected client handles commands of this name."""

    code: ClassVar[str] = "AXONIQ-4000"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, name: str, context: str) -> None:
        super().__init__(
            f"No handler for command {name[:SHOWN_LENGTH]} in context {context}:"
            " start a client that handles it, or correct the name."
        )


class CommandHandlerLost(MessageError):
    """The handler had been sent the command and went away before it answered."""

    code: ClassVar[str] = "AXONIQ-4001"

    def __init__(self, client_id: str) -> None:
        super().__init__(
            f"The handler {client_id} has gone before it answered;"
            " whether the command took effect is unknown."
        )


class CommandTimedOut(MessageError):
    """No answer came within the time that the command, or the node, allows."""

    code: ClassVar[str] = "AXONIQ-4002"

    def __init__(self, timeout_ms: int, *, was_sent: bool) -> None:
        known = "is unknown" if was_sent else "is known: it was never sent to a handler"
        super().__init__(
            f"No answer came in {timeout_ms} ms; whether the command took effect {known}."
        )


class DuplicateCommand(MessageError):
    """A command with this id is being handled by every handler that could take it."""

    code: ClassVar[str] = "AXONIQ-4005"

    def __init__(self, message_id: str) -> None:
        super().__init__(
            f"A command with the id {message_id[:SHOWN_LENGTH]!r} is in flight already:"
            " give each its own id."
        )


class QueueFull(MessageError):
    """As much waits for this handler, or on this node, as the node keeps."""

    code: ClassVar[str] = "AXONIQ-1900"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, limit: int, unit: str = "messages") -> None:
        super().__init__(f"{limit} {unit} wait for handlers already; send this one again later.")


class MessageOverLimit(MessageError):
    """A message is longer than the node of its handler may send to a client."""

    code: ClassVar[str] = "AXONIQ-2001"

    def __init__(self, byte_count: int, limit_bytes: int) -> None:
        super().__init__(
            f"The message has {byte_count} bytes, the limit where its handler is connected is"
            f" {limit_bytes}: send less, or set limits.message_bytes alike on all nodes."
        )


class NoQueryHandler(MessageError):
    """No connected client handles queries of this name."""

    code: ClassVar[str] = "AXONIQ-5000"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, name: str, context: str) -> None:
        super().__init__(
            f"No handler for query {name[:SHOWN_LENGTH]} in context {context}:"
            " start a client that handles it, or correct the name."
        )


class QueryTimedOut(MessageError):
    """No answer came within the time that the query, or the node, allows."""

    code: ClassVar[str] = "AXONIQ-5006"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, timeout_ms: int) -> None:
        super().__init__(f"No answer came in {timeout_ms} ms; ask again, or allow more time.")


class DuplicateQuery(MessageError):
    """A query with this id is being answered."""

    code: ClassVar[str] = "AXONIQ-5007"

    def __init__(self, message_id: str) -> None:
        super().__init__(
            f"A query with the id {message_id[:SHOWN_LENGTH]!r} is in flight already:"
            " give each its own id."
        )


class QueryHandlerLost(MessageError):
    """The handler had been sent the query and went away before it had finished."""

    code: ClassVar[str] = "AXONIQ-4001"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, client_id: str) -> None:
        super().__init__(
            f"The handler {client_id} has gone before it finished its answer; ask again."
        )


class UpdatesNotTaken(MessageError):
    """A caller has granted too few permits, or reads too slowly, for the updates of its query."""

    code: ClassVar[str] = "AXONIQ-1900"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, waiting: int) -> None:
        super().__init__(
            f"{waiting} updates wait for this subscription query and no more are kept:"
            " grant permits and read faster, then subscribe again."
        )


class TooManySubscriptionQueries(MessageError):
    """As many subscription queries are open as the node keeps."""

    code: ClassVar[str] = "AXONIQ-1900"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, limit: int, unit: str = "subscription queries") -> None:
        super().__init__(f"{limit} {unit} are open already; subscribe again later.")


class NotSubscribed(MessageError):
    """The initial result of a subscription query was asked for before its subscription."""

    code: ClassVar[str] = "RANVIER-NOT-SUBSCRIBED"

    def __init__(self) -> None:
        super().__init__("The first request of a subscription query must be subscribe.")


class SubscribedAlready(MessageError):
    """The call of a subscription query was to open a second one."""

    code: ClassVar[str] = "RANVIER-SUBSCRIBED-ALREADY"

    def __init__(self, open_id: str) -> None:
        super().__init__(
            f"This call has the subscription query {open_id[:SHOWN_LENGTH]!r} already:"
            " open a call for each."
        )


class InstructionRefused(MessageError):
    """What a handler's stream asked for cannot be done; the stream goes on."""

    code: ClassVar[str] = "AXONIQ-1003"


class NameMissing(InstructionRefused):
    """A subscription names nothing."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"The subscription has no name: say which {kind} is handled.")


class NameTooLong(InstructionRefused):
    """A subscription's name is longer than the node keeps."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"The name has {length} characters, the limit is {limit}: shorten it.")


class TooManySubscriptions(InstructionRefused):
    """One stream subscribes to more names than the node keeps."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"A stream may subscribe to {limit} names at most; open another client.")


class PermitsNotPositive(InstructionRefused):
    """A grant of permits would add none, or take some away."""

    def __init__(self, count: int) -> None:
        super().__init__(f"A grant of {count} permits changes nothing: grant one or more.")


class UnknownProcessor(MessageError):
    """No connected client tells of this event processor."""

    code: ClassVar[str] = "AXONIQ-2800"

    def __init__(self, processor: ProcessorId) -> None:
        super().__init__(
            f"No client of context {processor.context} runs the event processor {processor.name}"
            f" on token store {processor.token_store!r}: start one, or correct the three."
        )


class NoSegmentClaimed(MessageError):
    """Clients run the event processor, and none of them works on a segment."""

    code: ClassVar[str] = "AXONIQ-2800"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, processor_name: str) -> None:
        super().__init__(
            f"No client claims a segment of event processor {processor_name}: start it first."
        )


class UnknownTarget(MessageError):
    """The client that shall take a segment does not run the event processor."""

    code: ClassVar[str] = "AXONIQ-2801"

    def __init__(self, processor_name: str, client_id: str) -> None:
        super().__init__(
            f"Client {client_id} does not run event processor {processor_name}: name one that does."
        )


class NoFreeThread(MessageError):
    """The client that shall take a segment has no thread for it."""

    code: ClassVar[str] = "AXONIQ-2802"

    def __init__(self, processor_name: str, client_id: str) -> None:
        super().__init__(
            f"Client {client_id} has no free thread for another segment of event processor"
            f" {processor_name}: give it more, or choose another client."
        )


class OnlyOneSegment(MessageError):
    """A merge needs two segments."""

    code: ClassVar[str] = "RANVIER-ONLY-ONE-SEGMENT"

    def __init__(self, processor_name: str) -> None:
        super().__init__(f"Event processor {processor_name} has one segment: nothing to merge.")


class UnknownStrategy(MessageError):
    """Segments are not spread in this way."""

    code: ClassVar[str] = "RANVIER-UNKNOWN-STRATEGY"

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"There is no strategy {name[:64]!r}: choose one of {', '.join(known)}.")
