"""The root of what the transports raise: a tree of its own, as `wire` stands alone.

WireError
├── http2.errors       broken frames, refused streams, misuse
└── grpc.status        calls that ended with a status
"""

from __future__ import annotations

from typing import ClassVar


class WireError(Exception):
    """A transport refused or failed; the message is one sentence."""

    code: ClassVar[str] = "RANVIER-WIRE"
    retry_may_help: ClassVar[bool] = False
