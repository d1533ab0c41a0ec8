"""What goes wrong in HTTP/2, and the codes by which peers tell each other."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

from ranvier.wire.errors import WireError


class ErrorCode(IntEnum):
    """The codes that RST_STREAM and GOAWAY carry (RFC 9113 section 7)."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


class Http2Error(WireError):
    """Something on an HTTP/2 connection was refused or broken."""

    code: ClassVar[str] = "RANVIER-HTTP2"


class ConnectionFault(Http2Error):
    """The peer broke a rule or a limit that ends the connection; GOAWAY carries `error_code`."""

    code: ClassVar[str] = "RANVIER-HTTP2-CONNECTION"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, error_code: ErrorCode, reason: str) -> None:
        super().__init__(f"{error_code.name}: {reason}")
        self.error_code = error_code
        self.reason = reason


class StreamFault(Http2Error):
    """The peer broke a rule or a limit that ends one stream; RST_STREAM carries `error_code`."""

    code: ClassVar[str] = "RANVIER-HTTP2-STREAM"

    def __init__(self, stream_id: int, error_code: ErrorCode, reason: str) -> None:
        super().__init__(f"stream {stream_id}: {error_code.name}: {reason}")
        self.stream_id = stream_id
        self.error_code = error_code
        self.reason = reason


class StreamMisuse(Http2Error):
    """This side asked for what a stream in its state cannot do: a fault of the program."""

    code: ClassVar[str] = "RANVIER-HTTP2-MISUSE"


class StreamsExhausted(Http2Error):
    """The peer accepts no further stream for now; wait until one of the open ones has ended."""

    code: ClassVar[str] = "RANVIER-HTTP2-STREAMS"
    retry_may_help: ClassVar[bool] = True


class ConnectionClosing(Http2Error):
    """The connection takes no new streams any more; open another connection."""

    code: ClassVar[str] = "RANVIER-HTTP2-CLOSING"
    retry_may_help: ClassVar[bool] = True


class LimitsInvalid(Http2Error):
    """A limit has a value that HTTP/2 does not allow; the message names the field and its range."""

    code: ClassVar[str] = "RANVIER-HTTP2-LIMITS"
