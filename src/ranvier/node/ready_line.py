"""The line by which a node tells whoever started it that it is ready, and on which ports."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BoundPorts:
    """The ports that a node listens on; None where it does not."""

    http: int
    grpc: int
    internal: int
    ajp: int | None = None


def ready_line(name: str, ports: BoundPorts) -> str:
    """Return one line of JSON for standard output."""
    return json.dumps(
        {
            "event": "ready",
            "name": name,
            "http": ports.http,
            "grpc": ports.grpc,
            "internal": ports.internal,
            "ajp": ports.ajp,
        },
        separators=(",", ":"),
    )
