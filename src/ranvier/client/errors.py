"""What a hub refuses, and what may go wrong on the way to it.

HubError
├── HubUnreachable           no server of the list answers
├── ConnectionLost           the connection broke, and nothing was done that must not be repeated
├── OutcomeUnknown           sent, and no answer came: done or not, nobody can tell here
├── HubClosed                this side has closed the hub
├── DeadlinePassed           no answer in the time given
├── AccessRefused            the access token is missing or wrong
├── NotFound                 the context, node or thing named does not exist
├── AlreadyExists
├── InvalidRequest           the server takes no such request
├── NotSupported             the server does not offer the call
├── Overloaded               too much waits already
├── ConsistencyConflict      somebody else was first: read again, decide again
├── CommandFailed            the handler, or nobody, carried the command out
│   └── NoCommandHandler
├── QueryFailed              the query has no result
│   ├── NoQueryHandler
│   └── QueryTimedOut
├── HandlerUnusable          a function cannot be a handler
├── PayloadUnreadable        the codec cannot read what came
└── PayloadUnwritable        the codec cannot write a value
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ranvier.errors import RanvierError


class HubError(RanvierError):
    """A call to the hub failed; `code` is the server's where it sent one.

    `location` is who raised it, `details` are the lines that the server sent along.
    """

    code: ClassVar[str] = "RANVIER-HUB"

    def __init__(
        self, message: str, *, code: str = "", location: str = "", details: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.location = location
        self.details = tuple(details)
        if code:
            vars(self)["code"] = code  # the code of the class is what counts without a server's


class HubUnreachable(HubError):
    """None of the servers named can be reached."""

    code: ClassVar[str] = "AXONIQ-3001"
    retry_may_help: ClassVar[bool] = True


class ConnectionLost(HubError):
    """The connection is gone, and the call with it; it did nothing that must not be repeated."""

    code: ClassVar[str] = "RANVIER-CONNECTION-LOST"
    retry_may_help: ClassVar[bool] = True


class OutcomeUnknown(HubError):
    """The request was sent and no answer came: it was carried out, or it was not.

    Look at what it would have changed before you send it again.
    """

    code: ClassVar[str] = "RANVIER-OUTCOME-UNKNOWN"


class HubClosed(HubError):
    """The hub was closed on this side."""

    code: ClassVar[str] = "RANVIER-HUB-CLOSED"


class DeadlinePassed(HubError):
    """No answer came in time, to a request that changes nothing."""

    code: ClassVar[str] = "RANVIER-DEADLINE"
    retry_may_help: ClassVar[bool] = True


class AccessRefused(HubError):
    """The access token is missing or does not open this."""

    code: ClassVar[str] = "AXONIQ-1001"


class NotFound(HubError):
    """What the request names does not exist at the server."""

    code: ClassVar[str] = "RANVIER-NOT-FOUND"


class AlreadyExists(HubError):
    """What the request makes is there already."""

    code: ClassVar[str] = "RANVIER-EXISTS"


class InvalidRequest(HubError):
    """The server does not take such a request."""

    code: ClassVar[str] = "RANVIER-INVALID-REQUEST"


class NotSupported(HubError):
    """The server does not offer this call."""

    code: ClassVar[str] = "RANVIER-NOT-SUPPORTED"


class Overloaded(HubError):
    """Too much waits at the server already."""

    code: ClassVar[str] = "AXONIQ-1900"
    retry_may_help: ClassVar[bool] = True


class ConsistencyConflict(HubError):
    """Somebody else has changed meanwhile what the append was decided on: read and decide again."""

    code: ClassVar[str] = "AXONIQ-2000"
    retry_may_help: ClassVar[bool] = True


class CommandFailed(HubError):
    """A command was answered by an error; a handler may raise it to choose the code."""

    code: ClassVar[str] = "AXONIQ-4002"


class NoCommandHandler(CommandFailed):
    """Nobody handles commands of this name."""

    code: ClassVar[str] = "AXONIQ-4000"
    retry_may_help: ClassVar[bool] = True


class QueryFailed(HubError):
    """A query was answered by an error; a handler may raise it to choose the code."""

    code: ClassVar[str] = "AXONIQ-5001"


class NoQueryHandler(QueryFailed):
    """Nobody handles queries of this name."""

    code: ClassVar[str] = "AXONIQ-5000"
    retry_may_help: ClassVar[bool] = True


class QueryTimedOut(QueryFailed):
    """No handler answered the query in time."""

    code: ClassVar[str] = "AXONIQ-5006"
    retry_may_help: ClassVar[bool] = True


class HandlerUnusable(HubError):
    """A function cannot be a handler as it is declared."""

    code: ClassVar[str] = "RANVIER-HANDLER"


class PayloadUnreadable(HubError):
    """A payload is not what the reader expects."""

    code: ClassVar[str] = "RANVIER-PAYLOAD-UNREADABLE"


class PayloadUnwritable(HubError):
    """A value has no form in the codec."""

    code: ClassVar[str] = "RANVIER-PAYLOAD-UNWRITABLE"
