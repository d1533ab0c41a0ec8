"""What a service refuses, beside what `events` and `storage` refuse below it.

ServiceError
├── AppendQueueFull        more waits to be stored than the node keeps in memory
├── OtherKindOfContext     classic events and DCB events do not mix in one context
├── AppendContended        others were faster, a hundred times in a row
├── AppendOutcomeUnknown   committed or not: nobody can tell at present
├── NodeStopping           the node takes nothing new
├── NodeDraining           the node takes no new streams
├── TokenBeyondHead        a reader asks for a place that the context has not reached
├── ClientSilent           a client with heartbeats has sent nothing for too long
├── TooManySearches        more ad-hoc queries run already than the node serves at one time
├── QuerySearchTimedOut    an ad-hoc query did not get through history in its time
├── ClientNotIntroduced    a control stream was opened, and nobody said for whom
├── LeasesRunOut           the node could not renew its leases, and has none until it can
├── ConfigurationMoved     somebody else has changed the shared configuration first
└── ConfigurationRefused   a node cannot live with a change of the shared configuration
"""

from __future__ import annotations

from typing import ClassVar

from ranvier.errors import RanvierError


class ServiceError(RanvierError):
    """A service refused or gave up; the message says what to do."""

    code: ClassVar[str] = "RANVIER-SERVICE"


class AppendQueueFull(ServiceError):
    """The node refused an append because too many bytes already wait to be stored."""

    code: ClassVar[str] = "AXONIQ-3000"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"More than {limit_bytes} bytes of events wait to be stored; send them again later."
        )


class OtherKindOfContext(ServiceError):
    """A call for classic events met a DCB context, or the other way round."""

    code: ClassVar[str] = "RANVIER-CONTEXT-KIND"

    def __init__(self, context: str, *, is_dcb: bool) -> None:
        kind, call = (
            ("DCB", "the DCB event store, /v2/dcbEvents over REST,")
            if is_dcb
            else ("classic", "EventStore")
        )
        super().__init__(f"Context {context} is a {kind} context: use {call} with it.")


class AppendContended(ServiceError):
    """An append was left out of every batch because others changed what it builds on."""

    code: ClassVar[str] = "RANVIER-CONTENDED"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, context: str, decisions: int) -> None:
        super().__init__(
            f"Other nodes changed what this append to context {context!r} builds on"
            f" {decisions} times in a row; read again and send it anew."
        )


class AppendOutcomeUnknown(ServiceError):
    """The database did not answer a commit, and could not be asked about it afterwards."""

    code: ClassVar[str] = "RANVIER-UNKNOWN-OUTCOME"

    def __init__(self, context: str) -> None:
        super().__init__(
            f"Whether this append to context {context!r} was stored is unknown;"
            " read the aggregate before you send it again."
        )


class NodeStopping(ServiceError):
    """The node is on its way out and takes nothing new."""

    code: ClassVar[str] = "RANVIER-STOPPING"
    retry_may_help: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("This node is stopping; connect to another one or try again later.")


class NodeDraining(ServiceError):
    """The node keeps what it has and takes no new streams."""

    code: ClassVar[str] = "RANVIER-DRAINING"
    retry_may_help: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("This node is draining; ask for a node again, and use that one.")


class TokenBeyondHead(ServiceError):
    """A reader asked for a place that the context has not reached."""

    code: ClassVar[str] = "RANVIER-BEYOND-HEAD"

    def __init__(self, context: str, token: int, head: int) -> None:
        super().__init__(
            f"Token {token} is beyond the head of context {context!r}, whose next token is {head};"
            " the context may have been restored from a back-up: reset the reader's position."
        )


class ClientSilent(ServiceError):
    """A client that answers heartbeats has not been heard of for longer than agreed."""

    code: ClassVar[str] = "RANVIER-CLIENT-SILENT"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__(
            f"Nothing was heard from this client for {timeout_seconds:g} seconds; connect again."
        )


class ClientNotIntroduced(ServiceError):
    """A control stream has been open for a while, and its client has not said who it is."""

    code: ClassVar[str] = "RANVIER-CLIENT-NOT-INTRODUCED"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, limit_seconds: float) -> None:
        super().__init__(
            f"No register instruction came in {limit_seconds:g} seconds on this control stream;"
            " open it again and register first."
        )


class TooManyProcessors(ServiceError):
    """A client reports more event processors than a node remembers of one client."""

    code: ClassVar[str] = "RANVIER-TOO-MANY-PROCESSORS"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"A client may report {limit} event processors at most; run fewer of them."
        )


class TooManyContexts(ServiceError):
    """The node has as many contexts as it keeps."""

    code: ClassVar[str] = "RANVIER-TOO-MANY-CONTEXTS"

    def __init__(self, limit: int) -> None:
        super().__init__(f"There are {limit} contexts already; delete one that is not needed.")


class InvalidContextDatabase(ServiceError):
    """What is given as the database of a context is no address of one; it is not repeated."""

    code: ClassVar[str] = "RANVIER-CONTEXT-DATABASE-ADDRESS"

    def __init__(self) -> None:
        super().__init__(
            "The database of a context must be `postgresql://user:password@host1,host2/name` with"
            " %xx for other characters than letters and digits in it."
        )


class CannotPreserveEvents(ServiceError):
    """A context shall be deleted and its events kept, which needs files of its own."""

    code: ClassVar[str] = "RANVIER-CANNOT-PRESERVE-EVENTS"

    def __init__(self, context: str) -> None:
        super().__init__(
            f"The events of context {context} lie in the database of all contexts and go with it: "
            "copy them first, then delete the context without preserveEventStore."
        )


class ReaderTooSlow(ServiceError):
    """A client does not read what it has asked to be told."""

    code: ClassVar[str] = "RANVIER-READER-TOO-SLOW"
    retry_may_help: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("Too many changes wait for this client to read them; ask for them anew.")


class TooManySearches(ServiceError):
    """As many ad-hoc queries run as the node serves at one time."""

    code: ClassVar[str] = "RANVIER-TOO-MANY-SEARCHES"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} searches run already; end one, or try again later.")


class QuerySearchTimedOut(ServiceError):
    """An ad-hoc query did not get through history in the time that it has."""

    code: ClassVar[str] = "RANVIER-QUERY-TIMEOUT"

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__(
            f"The query was not done with history after {timeout_seconds:g} seconds; narrow it,"
            " by 'last 1 hour' or a bound on token, or raise the node's query.timeout_seconds."
        )


class SegmentNotReleased(ServiceError):
    """A client was told that a segment is closed and has not confirmed that it is drained."""

    code: ClassVar[str] = "RANVIER-SEGMENT-NOT-RELEASED"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, segment: int, timeout_seconds: float) -> None:
        super().__init__(
            f"Segment {segment} was closed and not confirmed as drained in {timeout_seconds:g}"
            " seconds; open the stream again."
        )


class TooManyConsumers(ServiceError):
    """A persistent stream is open at as many clients as it can have segments."""

    code: ClassVar[str] = "RANVIER-TOO-MANY-CONSUMERS"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A stream can be open at {limit} clients at most: close some of them.")


class InstructionFailed(ServiceError):
    """A client told that it could not do what it was instructed to, or went away before."""

    code: ClassVar[str] = "AXONIQ-1003"

    def __init__(self, client_id: str, reason: str) -> None:
        super().__init__(f"Client {client_id} did not follow the instruction: {reason}.")


class InstructionUnsupported(ServiceError):
    """A client does not know the instruction."""

    code: ClassVar[str] = "AXONIQ-1002"

    def __init__(self, client_id: str) -> None:
        super().__init__(f"Client {client_id} does not know the instruction: use a newer client.")


class InstructionUnanswered(ServiceError):
    """A client did not tell in time what became of an instruction."""

    code: ClassVar[str] = "AXONIQ-11000"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, client_id: str, timeout_seconds: float) -> None:
        super().__init__(
            f"Client {client_id} told no result within {timeout_seconds:g} seconds;"
            " look at the processor before you ask again."
        )


class ResultLate(ServiceError):
    """A client told the result of an instruction that nobody waits for any more."""

    code: ClassVar[str] = "AXONIQ-1004"

    def __init__(self) -> None:
        super().__init__("Nobody waits for this result: it came too late, or for no instruction.")


class TooManyInstructions(ServiceError):
    """As many instructions wait for clients as the node remembers."""

    code: ClassVar[str] = "RANVIER-TOO-MANY-INSTRUCTIONS"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} instructions wait for clients already; try again later.")


class TooManyStrategies(ServiceError):
    """As many event processors are balanced for good as the node looks after."""

    code: ClassVar[str] = "RANVIER-TOO-MANY-STRATEGIES"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} event processors have a strategy already: set others to `default` first."
        )


class LeasesRunOut(ServiceError):
    """The node could not renew its leases in time; it holds none until it reaches the database."""

    code: ClassVar[str] = "RANVIER-LEASES-RUN-OUT"
    retry_may_help: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("The leases of this node have run out: ask again, or another node.")


class ConfigurationMoved(ServiceError):
    """A change of the shared configuration was made to a revision that is in force no more."""

    code: ClassVar[str] = "RANVIER-CONFIGURATION-MOVED"

    def __init__(self, replaces: int, in_force: int) -> None:
        found = (
            "another change of it is being looked at"
            if replaces == in_force
            else f"revision {in_force} is in force"
        )
        super().__init__(
            f"The change was made to revision {replaces} of the configuration, and {found}:"
            " look at it (`ranvier config get --cluster`) and set it again."
        )


class ConfigurationRefused(ServiceError):
    """A node cannot live with a change of the shared configuration; nothing was changed."""

    code: ClassVar[str] = "RANVIER-CONFIGURATION-REFUSED"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The configuration is as it was. {reason}")
