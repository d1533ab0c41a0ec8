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

SCHEDULED: Final = (
    "What no database could store is refused at once. A publication that is refused is tried again"
    " with growing pauses, ten times, then parked."
)
RESCHEDULED: Final = (
    "A token under which nothing waits is refused (AXONIQ-2610), and nothing is scheduled: what is"
    " published cannot be called back, and nobody shall believe so."
)

DIFFERENCES: Final[Mapping[str, str]] = {
    "PlatformService.GetPlatformServer": (
        "Names this node, to be used over the same connection: one node needs no second one."
    ),
    "PlatformService.OpenStream": (
        "A client that does not introduce itself within 30 seconds is turned away"
        " (`RANVIER-CLIENT-NOT-INTRODUCED`), so that no stream is held unseen. Before that, what"
        " only a registered client can say is acknowledged as failed (AXONIQ-1003); the stream goes"
        " on. A client that reads topology changes too slowly is told to forget all, and gets the"
        " whole list again."
    ),
    "CommandService.OpenStream": (
        "A subscription without a name and a grant of 0 permits or less are acknowledged as failed"
        " (AXONIQ-1003); the stream goes on. A load factor counts as 1,000 at most. An answer over"
        " the size limit is dropped, and the stream stays."
    ),
    "CommandService.Dispatch": (
        "A command that waited for a handler which unsubscribes its name goes to another handler,"
        " or gets AXONIQ-4000. An id whose caller has gone stays taken (AXONIQ-4005) until the"
        " handler's late answer, so that it cannot pass for another one's."
    ),
    "ContextAdminService.CreateContext": (
        "The replication group is taken and not needed. The context can be used at once. The"
        " property `ranvier.database` is the address of a database of its own; it is never shown."
    ),
    "ContextAdminService.UpdateContextProperties": (
        "Properties that are not named stay; an empty value takes one away."
    ),
    "ContextAdminService.DeleteContext": (
        "`preserveEventStore` is refused (`RANVIER-CANNOT-PRESERVE-EVENTS`): the events of all"
        " contexts lie in one database. `default` can be deleted like any other; a node that starts"
        " without it makes it again."
    ),
    "EventProcessorAdminService.MergeEventProcessor": (
        "A processor with one segment is refused (`RANVIER-ONLY-ONE-SEGMENT`)."
    ),
    "EventProcessorAdminService.SetAutoLoadBalanceStrategy": (
        "Kept in the database, and followed every 15 seconds by a single node as well."
    ),
    "EventStore.AppendEvent": (
        "Acknowledged after commit and flush. An append has 16 MiB at most. An outcome that cannot"
        " be known is said (`RANVIER-UNKNOWN-OUTCOME`), never guessed."
    ),
    "EventStore.QueryEvents": (
        "Its bounds have settings (`query.limit`, `query.timeout_seconds`). XML is read without DTD"
        " and entities. A live query over snapshots answers what is stored and ends."
    ),
    "EventStore.ListEvents": (
        "After the client's half-close all that is stored at that moment is sent, up to the"
        " permits, then OK: short readers get whole answers. A position beyond the head is waited"
        " for a few seconds, then refused (`RANVIER-BEYOND-HEAD`)."
    ),
    "DcbEventStore.Stream": (
        "A position beyond the head is waited for a few seconds, then refused"
        " (`RANVIER-BEYOND-HEAD`)."
    ),
    "DcbEventStore.AddTags": (
        "A sequence that no event has is refused (`RANVIER-NO-SUCH-EVENT`). An event bears 64 tags"
        " at most, a tag has 255 bytes at most on either side."
    ),
    "DcbSnapshotStore.Add": "A key has 1 to 255 bytes.",
    "DcbSnapshotStore.GetLast": (
        "A key without a snapshot is answered by NOT_FOUND and `RANVIER-NO-SUCH-SNAPSHOT`."
    ),
    "QueryService.OpenStream": (
        "Cancels, demand and everything about subscription queries take no permit and never wait"
        " behind queries. A handler that goes away with a query is told to the caller"
        " (`AXONIQ-4001`) where no good result came; a query that it was not sent goes to another"
        " instance of its component."
    ),
    "QueryService.Query": (
        "Every refusal is a result with its code, status OK. An id whose caller has gone stays"
        " taken at a handler (AXONIQ-5007) until that handler completes it, so that a late result"
        " cannot pass for another query's. A streaming query's handlers are asked"
        " for 64 results at a time; what its first handler says after that, errors too, is passed"
        " on at once."
    ),
    "QueryService.Subscription": (
        "Updates above the grant wait: 1,000 or 1 MiB for one query, 64 MiB for all; one more ends"
        " the query with `AXONIQ-1900`. A subscription stays open while its handlers are away."
        " A second `subscribe` ends the call (`RANVIER-SUBSCRIBED-ALREADY`)."
    ),
    "EventScheduler.ScheduleEvent": SCHEDULED,
    "EventScheduler.RescheduleEvent": RESCHEDULED,
    "DcbEventScheduler.ScheduleEvent": SCHEDULED,
    "DcbEventScheduler.RescheduleEvent": RESCHEDULED,
    "PersistentStreamService.OpenStream": (
        "A client that does not confirm a closed segment (position -45) within 30 seconds loses its"
        " call (`RANVIER-SEGMENT-NOT-RELEASED`): a segment is never at two clients. After an"
        " `error` the segment is closed at once and opened again after a growing rest."
    ),
    "PersistentStreamService.UpdateStream": (
        "Ends when all segments are drained and changed. What was handled before the change does"
        " not come again."
    ),
    "PersistentStreamService.ResetStream": (
        "Ends when all segments are drained and reset. A position beyond the head is refused"
        " (`RANVIER-BEYOND-HEAD`)."
    ),
}
"""By `Service.Method`: a sentence or two, in Markdown."""
