"""The asyncio client for a hub that speaks the Axon API.

async with ranvier.connect("localhost") as hub:
    answer = await hub.commands.send("orders.place", {"lamps": 3})
"""

from ranvier.client.codec import Codec, JsonCodec, TypeName
from ranvier.client.connect import connect
from ranvier.client.dcb_values import (
    AppendCondition,
    Appended,
    Criterion,
    SourcedEvent,
    Tag,
    TaggedEvent,
)
from ranvier.client.events_message import EventMessage, StoredEvent
from ranvier.client.events_process import ProcessOptions
from ranvier.client.events_query import QueryOptions
from ranvier.client.events_tail import BlockedType, TailOptions
from ranvier.client.hub import Hub
from ranvier.client.message import Answer, Message
from ranvier.client.payload import Payload
from ranvier.client.persistent_streams import SequencingPolicy, ServerPosition, StreamProperties
from ranvier.client.processors import ProcessorId
from ranvier.client.reconnect import ReconnectDelays
from ranvier.client.settings import HandlingSettings, HeartbeatSettings
from ranvier.client.snapshots import NewSnapshot
from ranvier.client.token_store import MemoryTokenStore, TokenStore
from ranvier.client.token_store_sqlite import SqliteTokenStore
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.tls import TlsFiles

__all__ = [
    "Answer",
    "AppendCondition",
    "Appended",
    "BlockedType",
    "Codec",
    "Criterion",
    "EventMessage",
    "GrpcLimits",
    "HandlingSettings",
    "HeartbeatSettings",
    "Hub",
    "JsonCodec",
    "MemoryTokenStore",
    "Message",
    "NewSnapshot",
    "Payload",
    "ProcessOptions",
    "ProcessorId",
    "QueryOptions",
    "ReconnectDelays",
    "SequencingPolicy",
    "ServerPosition",
    "SourcedEvent",
    "SqliteTokenStore",
    "StoredEvent",
    "StreamProperties",
    "Tag",
    "TaggedEvent",
    "TailOptions",
    "TlsFiles",
    "TokenStore",
    "TypeName",
    "connect",
]
