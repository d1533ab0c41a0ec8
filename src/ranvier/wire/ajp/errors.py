"""What goes wrong in AJP: framing that nobody can follow, and requests that are refused.

AjpError
├── ProtocolFault      the bytes are no AJP, or not what is due; the connection ends in silence
├── RequestRefused     a request is answered by a status, and the connection ends
└── LimitsInvalid      a limit has a value that AJP does not allow
"""

from __future__ import annotations

from typing import ClassVar

from ranvier.wire.errors import WireError


class AjpError(WireError):
    """Something on an AJP connection was refused or broken."""

    code: ClassVar[str] = "RANVIER-AJP"


class ProtocolFault(AjpError):
    """What came is no packet, or none that is due now; no answer would be understood."""

    code: ClassVar[str] = "RANVIER-AJP-PROTOCOL"


class RequestRefused(AjpError):
    """A request is answered by `status` alone, and the connection ends after it."""

    code: ClassVar[str] = "RANVIER-AJP-REFUSED"

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class LimitsInvalid(AjpError):
    """A limit has a value that AJP does not allow; the message names the field and its range."""

    code: ClassVar[str] = "RANVIER-AJP-LIMITS"
