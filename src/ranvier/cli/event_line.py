"""An event as one line for people."""

from __future__ import annotations

from ranvier.cli.node_client import Json
from ranvier.cli.printing import shortened


def event_line(event: Json) -> str:
    """Show token, time, aggregate, type and payload of an event, in this order."""
    token = event.get("token")
    parts = [
        "" if token is None else str(token),
        str(event.get("timestamp", "")),
        _aggregate(event),
        str(event.get("payloadType", "")) + _revision(event),
        _payload(event),
    ]
    return "  ".join(shortened(part) for part in parts if part)


def _aggregate(event: Json) -> str:
    if not event.get("aggregateType"):
        return ""
    sequence = event.get("aggregateSequenceNumber", 0)
    kind = " snapshot" if event.get("snapshot") else ""
    return f"{event['aggregateType']}/{event.get('aggregateId', '')}@{sequence}{kind}"


def _revision(event: Json) -> str:
    revision = event.get("payloadRevision")
    return f"#{revision}" if revision else ""


def _payload(event: Json) -> str:
    payload = str(event.get("payload", ""))
    return f"base64:{payload}" if event.get("payloadEncoding") == "base64" else payload
