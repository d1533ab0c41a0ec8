"""The asyncio client for a hub that speaks the Axon API.

async with ranvier.connect("localhost") as hub:
    answer = await hub.commands.send("orders.place", {"lamps": 3})
"""

from ranvier.client.codec import Codec, JsonCodec, TypeName
from ranvier.client.connect import connect
from ranvier.client.hub import Hub, HubOptions
from ranvier.client.payload import Payload
from ranvier.client.reconnect import ReconnectDelays
from ranvier.client.settings import HeartbeatSettings
from ranvier.wire.tls import TlsFiles

__all__ = [
    "Codec",
    "HeartbeatSettings",
    "Hub",
    "HubOptions",
    "JsonCodec",
    "Payload",
    "ReconnectDelays",
    "TlsFiles",
    "TypeName",
    "connect",
]
