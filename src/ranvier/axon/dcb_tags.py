"""The tags of stored DCB events: added, removed, listed."""

from __future__ import annotations

from ranvier.axon.dcb_append import tags_of
from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.proto import dcb_pb2
from ranvier.services.tag_events import TagEvents
from ranvier.wire.grpc.server_call import ServerCall

TAGS_ADDED = dcb_pb2.AddTagsResponse().SerializeToString()
TAGS_REMOVED = dcb_pb2.RemoveTagsResponse().SerializeToString()


class DcbTags:
    """The calls for tags of the DCB event store."""

    def __init__(self, tag_events: TagEvents) -> None:
        self._tag_events = tag_events

    async def add_tags(self, call: ServerCall, message: bytes) -> bytes:
        """Let an event bear these tags too; those that it bears are ignored."""
        request = parsed(dcb_pb2.AddTagsRequest, message)
        await self._tag_events.add(context_of(call), request.sequence, tags_of(request.tag))
        return TAGS_ADDED

    async def remove_tags(self, call: ServerCall, message: bytes) -> bytes:
        """Take these tags from an event; those that it does not bear are ignored."""
        request = parsed(dcb_pb2.RemoveTagsRequest, message)
        await self._tag_events.remove(context_of(call), request.sequence, tags_of(request.tag))
        return TAGS_REMOVED

    async def get_tags(self, call: ServerCall, message: bytes) -> bytes:
        """Answer the tags of an event, ordered by key and value."""
        request = parsed(dcb_pb2.GetTagsRequest, message)
        tags = await self._tag_events.of_event(context_of(call), request.sequence)
        listed = [dcb_pb2.Tag(key=tag.key, value=tag.value) for tag in tags]
        return dcb_pb2.GetTagsResponse(tag=listed).SerializeToString()
