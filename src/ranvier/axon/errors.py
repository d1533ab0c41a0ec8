"""How a refusal reaches an Axon client: status, text that starts with the code, and a trailer.

The codes and their statuses are Axon's. Codes of our own (`RANVIER-…`) travel the same way; a
client that does not know one falls back on the status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from ranvier.errors import RanvierError
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode

ERROR_CODE_TRAILER: Final = b"axoniq-errorcode"


class AxonError(RanvierError):
    """A call did not follow the Axon API."""


class BrokenMessage(AxonError):
    """The bytes of a message are not the message that the call takes."""

    code: ClassVar[str] = "RANVIER-BROKEN-MESSAGE"

    def __init__(self, message_name: str) -> None:
        super().__init__(
            f"The bytes sent are no {message_name}: check that client and node use the same API"
            " and that all texts are valid UTF-8."
        )


class AccessTokenMissing(AxonError):
    """Access control is on and the call brought no token."""

    code: ClassVar[str] = "AXONIQ-1000"

    def __init__(self) -> None:
        super().__init__("No access token: send the header AxonIQ-Access-Token.")


class AccessTokenWrong(AxonError):
    """Access control is on and the call brought another token."""

    code: ClassVar[str] = "AXONIQ-1001"

    def __init__(self) -> None:
        super().__init__("The access token is not valid here: check AxonIQ-Access-Token.")


class MessageTooLarge(AxonError):
    """One message is longer than the node takes; the connection stays usable."""

    code: ClassVar[str] = "AXONIQ-2001"

    def __init__(self, byte_count: int, limit_bytes: int) -> None:
        super().__init__(
            f"The event has {byte_count} bytes, the limit is {limit_bytes}:"
            " store large payloads elsewhere and send a reference."
        )


class SecondCondition(AxonError):
    """One append brought two conditions."""

    code: ClassVar[str] = "RANVIER-SECOND-CONDITION"

    def __init__(self) -> None:
        super().__init__("An append takes one condition; put all criteria into it.")


class InstructionUnknown(AxonError):
    """An instruction is of a kind that this node does not know."""

    code: ClassVar[str] = "AXONIQ-1002"

    def __init__(self) -> None:
        super().__init__("This node does not know the instruction; it was ignored.")


class PermitsMissing(AxonError):
    """A client has kept a stream open without permits for too long."""

    code: ClassVar[str] = "RANVIER-NO-PERMITS"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__(
            f"No permits were granted for {timeout_seconds:g} seconds; open the stream again."
        )


class TooManyBlockedTypes(AxonError):
    """A stream names more payload types to leave out than the node remembers of one stream."""

    code: ClassVar[str] = "RANVIER-TOO-MANY-BLOCKED-TYPES"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A stream may leave out {limit} payload types at most; name fewer.")


class StreamNotOpened(AxonError):
    """A consumer of a persistent stream has not opened it, or has opened it twice."""

    code: ClassVar[str] = "RANVIER-STREAM-NOT-OPENED"

    def __init__(self) -> None:
        super().__init__(
            "The first message of the call, and no other, must open the stream: send `open` once."
        )


class NotRegistered(AxonError):
    """A client said something that only a registered one can say."""

    code: ClassVar[str] = "AXONIQ-1003"

    def __init__(self) -> None:
        super().__init__("The instruction was ignored: register first on this control stream.")


def grpc_error(error: RanvierError) -> GrpcError:
    """Return what a client is told of this error: `[code] text`, and the code as a trailer."""
    return GrpcError(
        STATUS_BY_CODE.get(error.code, StatusCode.CANCELLED),
        f"[{error.code}] {error}",
        ((ERROR_CODE_TRAILER, error.code.encode()),),
    )


def refuse_large_message(call: ServerCall, byte_count: int) -> None:
    """End a call for an event that is longer than one message may be; its listener is told."""
    call.cut(grpc_error(MessageTooLarge(byte_count, call.host.limits.message_bytes_in)))


def by_code(codes_by_status: Mapping[StatusCode, str]) -> dict[str, StatusCode]:
    """Turn the table by status, easier to read, into the table by code."""
    return {
        code if code.startswith("RANVIER") else f"AXONIQ-{code}": status
        for status, codes in codes_by_status.items()
        for code in codes.split()
    }


STATUS_BY_CODE: Final = by_code(
    {
        StatusCode.CANCELLED: (
            "0001 4001 4002 4003 5006 9000 9001 9002 9100 9101 9102 9200 9301 9500 9900"
            " 10001 10002 10003 10007"
        ),
        StatusCode.PERMISSION_DENIED: "1000 1001 2301 2302 2303 2304 2305 2307",
        StatusCode.UNKNOWN: "1002 6100 6101 11001 RANVIER-UNKNOWN-OUTCOME",
        StatusCode.INTERNAL: "1003 1004",
        StatusCode.UNAVAILABLE: (
            "1100 1400 1500 7000 RANVIER-STOPPING RANVIER-DRAINING RANVIER-CLIENT-SILENT"
            " RANVIER-CLIENT-NOT-INTRODUCED RANVIER-STORAGE-UNAVAILABLE RANVIER-STORAGE-NOT-OPEN"
            " RANVIER-STREAM-OWNER RANVIER-LEASES-RUN-OUT"
            " RANVIER-CONTEXT-DATABASE-UNAVAILABLE"
        ),
        StatusCode.NOT_FOUND: (
            "1300 1301 1302 2100 2101 2107 2108 2800 2801 2802 4000 5000 5002 6000 6001"
            " RANVIER-NO-SUCH-STREAM"
            " RANVIER-NO-SUCH-EVENT RANVIER-NO-SUCH-SNAPSHOT"
        ),
        StatusCode.ALREADY_EXISTS: "1304 1305 2306",
        StatusCode.RESOURCE_EXHAUSTED: (
            "1900 3000 RANVIER-STORAGE-FULL RANVIER-TOO-MANY-PROCESSORS RANVIER-TOO-MANY-CONTEXTS"
            " RANVIER-READER-TOO-SLOW RANVIER-TOO-MANY-SEARCHES"
            " RANVIER-TOO-MANY-BLOCKED-TYPES RANVIER-TOO-MANY-STREAMS RANVIER-TOO-MANY-CONSUMERS"
            " RANVIER-TOO-MANY-INSTRUCTIONS RANVIER-TOO-MANY-STRATEGIES"
        ),
        StatusCode.OUT_OF_RANGE: "2000 2200 RANVIER-BEYOND-HEAD",
        StatusCode.INVALID_ARGUMENT: (
            "2001 2002 2308 2309 2311 2500 2501 2502 2510 2511 2610 2700 2701 3004 3005 4004 4005"
            " 5004 5005 5007 RANVIER-UNKNOWN-STRATEGY RANVIER-BROKEN-MESSAGE RANVIER-INVALID-EVENT"
            " RANVIER-SECOND-CONDITION RANVIER-INVALID-STREAM RANVIER-SEQUENCING-POLICY"
            " RANVIER-STREAM-NOT-OPENED RANVIER-CONTEXT-DATABASE-ADDRESS"
        ),
        StatusCode.FAILED_PRECONDITION: (
            "2310 RANVIER-CONFIGURATION-REFUSED RANVIER-CONTEXT-KIND"
            " RANVIER-CANNOT-PRESERVE-EVENTS RANVIER-NOT-SUBSCRIBED RANVIER-CONTEXT-DATABASE"
            " RANVIER-ONLY-ONE-SEGMENT RANVIER-SUBSCRIBED-ALREADY"
        ),
        StatusCode.ABORTED: (
            "6002 RANVIER-CONFIGURATION-MOVED RANVIER-CONTENDED"
            " RANVIER-BASE-NOT-ACCEPTED RANVIER-HEAD-WENT-BACK"
            " RANVIER-NO-PERMITS RANVIER-CLAIM-LOST"
            " RANVIER-SEGMENT-NOT-RELEASED RANVIER-STREAM-UNSETTLED"
        ),
        StatusCode.DEADLINE_EXCEEDED: "11000 RANVIER-QUERY-TIMEOUT",
    }
)
"""The status of every known code; a code that is not here counts as 0001, "anything else"."""
