"""Where a call of the Axon API is answered otherwise than by Axon Server, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EVERYWHERE: Final[Mapping[str, str]] = {
    "context": (
        "named by `AxonIQ-Context` (or the older `Context`); a call without one means `default`."
        " A call for the other kind of event store than the context has is refused with"
        " FAILED_PRECONDITION and `RANVIER-CONTEXT-KIND`: a wrong setting is seen at once."
    ),
    "errors": (
        "status, text that starts with the code in brackets, and the trailer `AxonIQ-ErrorCode`,"
        " as with Axon Server. Codes of our own start with `RANVIER-`."
    ),
    "leader": (
        "`force_read_from_leader` changes nothing: no node leads, each reads the one database."
    ),
    "size": "a message has 4 MiB at most; a larger one is refused and the connection stays.",
}
"""What holds for every call, by topic."""

DIFFERENCES: Final[Mapping[str, str]] = {
    "PlatformService.GetPlatformServer": (
        "Names this node, to be used over the same connection: one node needs no second one."
    ),
    "PlatformService.OpenStream": (
        "A client that does not introduce itself within 30 seconds is turned away"
        " (`RANVIER-CLIENT-NOT-INTRODUCED`), so that no stream is held unseen."
    ),
    "EventStore.AppendEvent": (
        "Acknowledged after commit and flush. An append has 16 MiB at most. An outcome that cannot"
        " be known is said (`RANVIER-UNKNOWN-OUTCOME`), never guessed."
    ),
    "EventStore.ListEvents": (
        "After the client's half-close all that is stored at that moment is sent, up to the"
        " permits, then OK: short readers get whole answers. A position beyond the head is waited"
        " for a few seconds, then refused (`RANVIER-BEYOND-HEAD`)."
    ),
}
"""By `Service.Method`: a sentence or two, in Markdown."""
