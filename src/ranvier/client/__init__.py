"""The asyncio client for a hub that speaks the Axon API.

async with ranvier.connect("localhost") as hub:
    answer = await hub.commands.send("orders.place", {"lamps": 3})
"""

from ranvier.client.codec import Codec, JsonCodec, TypeName
from ranvier.client.connect import connect
from ranvier.client.hub import Hub
from ranvier.client.message import Answer, Message
from ranvier.client.payload import Payload
from ranvier.client.reconnect import ReconnectDelays
from ranvier.client.settings import HandlingSettings, HeartbeatSettings
from ranvier.wire.tls import TlsFiles

__all__ = [
    "Answer",
    "Codec",
    "HandlingSettings",
    "HeartbeatSettings",
    "Hub",
    "JsonCodec",
    "Message",
    "Payload",
    "ReconnectDelays",
    "TlsFiles",
    "TypeName",
    "connect",
]
