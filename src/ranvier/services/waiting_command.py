"""A command that has not been answered yet, and the stream of the handler that it goes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ranvier.errors import RanvierError
from ranvier.messages.command_flow import CommandFlow
from ranvier.messages.handler import Handler


class HandlerLink(Protocol):
    """The stream of one handler, as far as the service needs it."""

    def send_command(self, message: bytes, command: WaitingCommand) -> bool:
        """Send a command by its bytes.

        False while the stream takes no more, until its `resumed` is told.
        """

    def close(self, error: RanvierError) -> None:
        """End the stream and tell why."""


class WaitingCommand:
    """A command as it came, what routing must know of it, and who waits for its answer.

    Either `answered` or `failed` is called, once, unless the caller has gone before.
    """

    # What most commands leave alone has its value in the class: one is made in less time so.
    priority: int = 0
    """The higher goes first where commands wait."""
    timeout_ms: int = 0
    """How long the caller waits; 0 where the command does not say."""
    stream: HandlerStream | None = None
    """Where it waits or was sent; None before and after."""
    was_sent: bool = False
    is_bound: bool = False
    """Another node has chosen its handler: if that one leaves, the other node chooses anew."""
    detours: int = 0
    """How often another node did not give it to its handler."""
    link_number: int = 0
    """Its number on the link to another node, if it was sent there."""
    came_at: float
    expires_at: float
    context: str
    name: str
    message_id: str
    message: bytes
    """Empty once it was sent: nobody sends it again."""

    def routing_key(self) -> str:
        """Return the routing key, or the message id where the command has none."""
        raise NotImplementedError

    def metadata(self) -> Mapping[str, str]:
        """Return the command's metadata as text; read only where handlers have tags."""
        raise NotImplementedError

    def answered(self, response: bytes) -> None:
        """Pass the handler's response on."""
        raise NotImplementedError

    def failed(self, error: RanvierError) -> None:
        """Tell the caller why there is no response."""
        raise NotImplementedError


class HandlerStream(CommandFlow[WaitingCommand]):
    """The commands of one handler, and its stream."""

    __slots__ = ("link",)

    def __init__(self, handler: Handler, link: HandlerLink) -> None:
        super().__init__(handler)
        self.link = link
