"""Commands and handlers' streams that keep what becomes of them, for tests without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from ranvier.errors import RanvierError
from ranvier.events.errors import UnknownContext
from ranvier.services.dispatch_across_nodes import DispatchAcrossNodes
from ranvier.services.topology import Topology
from ranvier.services.waiting_command import HandlerStream, WaitingCommand
from tests.support.message_handlers import handler


class NotedCommand(WaitingCommand):
    """A command whose outcomes are kept; there must be one in the end."""

    def __init__(
        self,
        message_id: str,
        name: str = "Buy",
        *,
        key: str = "",
        priority: int = 0,
        timeout_ms: int = 0,
        context: str = "default",
        message: bytes = b"command",
    ) -> None:
        self.message_id = message_id
        self.name = name
        self.context = context
        self.priority = priority
        self.timeout_ms = timeout_ms
        self.message = message
        self.key = key or message_id
        self.outcomes: list[bytes | str] = []
        self.sentence = ""
        """What the caller was told instead of an answer."""
        self.told = asyncio.Event()

    def routing_key(self) -> str:
        return self.key

    def metadata(self) -> Mapping[str, str]:
        return {}

    def answered(self, response: bytes) -> None:
        self.outcomes.append(response)
        self.told.set()

    def failed(self, error: RanvierError) -> None:
        self.outcomes.append(error.code)
        self.sentence = str(error)
        self.told.set()


class NotedLink:
    """A stream that keeps what it was sent, and takes no more while `is_full`."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.is_full = False
        self.closed_by = ""

    def send_command(self, message: bytes, command: WaitingCommand) -> bool:
        assert command.was_sent
        self.sent.append(message)
        return not self.is_full

    def close(self, error: RanvierError) -> None:
        self.closed_by = error.code


class NotedFigures:
    """Counts answers and failures."""

    def __init__(self) -> None:
        self.answered = 0
        self.refused = 0

    def done_all(self, context: str, seconds: object) -> None:
        assert context
        self.answered += len(list(seconds))  # type: ignore[call-overload]  # a list in truth

    def failed(self, context: str) -> None:
        assert context
        self.refused += 1


class OnlyDefault:
    """Knows one context."""

    def expect_known(self, context: str) -> None:
        if context != "default":
            raise UnknownContext(context)


@dataclass
class CommandHub:
    """The service, with a clock that a test turns."""

    now: float = 1_000.0
    figures: NotedFigures = field(default_factory=NotedFigures)
    topology: Topology = field(default_factory=Topology)

    def __post_init__(self) -> None:
        self.commands = DispatchAcrossNodes(
            OnlyDefault(), self.topology, self.figures, lambda: self.now
        )

    def join(
        self, number: int | str, *names: str, permits: int = 0, link: NotedLink | None = None
    ) -> HandlerStream:
        link = link or NotedLink()
        self.commands.opened("default", link)
        stream = self.commands.join(handler(number), link)
        for name in names:
            self.commands.subscribe(stream, name, 100)
        if permits:
            self.commands.grant(stream, permits)
        return stream

    def dispatch(self, command: NotedCommand) -> NotedCommand:
        self.commands.dispatch(command)
        return command
