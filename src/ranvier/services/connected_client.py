"""What a node knows of a client that holds a control stream."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from ranvier.errors import RanvierError
from ranvier.messages.processor_plans import Instruction

HEARTBEATS_SINCE: Final = (4, 2, 1)
"""Clients of this version and newer answer the heartbeats of a node."""

RESULTS_SINCE: Final = (4, 6)
"""Clients of this version and newer tell results; older ones only acknowledge."""

NUMBER: Final = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """How a client introduces itself."""

    client_id: str
    component_name: str
    version: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def tells_results(self) -> bool:
        """Whether this client's version is one that tells what became of an instruction."""
        return version_numbers(self.version) >= RESULTS_SINCE

    @property
    def answers_heartbeats(self) -> bool:
        """Whether this client's version is one that answers heartbeats."""
        return version_numbers(self.version) >= HEARTBEATS_SINCE


class ClientLink(Protocol):
    """The control stream of one client, as far as a service needs it."""

    def send_heartbeat(self) -> None:
        """Ask the client for a sign of life."""

    def ask_to_reconnect(self) -> None:
        """Ask the client to look for a node again."""

    def instruct(self, instruction: Instruction, instruction_id: str = "") -> None:
        """Send an instruction; with an id, the client acknowledges it and tells its outcome."""

    def close(self, error: RanvierError) -> None:
        """End the stream and tell why."""


def version_numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version such as `4.6.2-SNAPSHOT`: at most three."""
    numbers: list[int] = []
    for part in version.split(".")[:3]:
        found = NUMBER.match(part)
        if found is None:
            break
        numbers.append(int(found[0]))
    return tuple(numbers)
