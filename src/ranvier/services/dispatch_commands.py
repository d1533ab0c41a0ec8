"""Routes commands to handlers and their answers back: callbacks only, no task or future for each.

A command's way: `dispatch` chooses a handler and sends, or lets it wait for a permit; `answer`
finds it by the handler's stream and the id. Every command is answered once, whatever happens.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from ranvier.errors import RanvierError
from ranvier.events.errors import UnknownContext
from ranvier.messages.errors import (
    CommandHandlerLost,
    CommandTimedOut,
    DuplicateCommand,
    NameMissing,
    NoCommandHandler,
    QueueFull,
)
from ranvier.messages.handler import Handler
from ranvier.services.append_sequencer import counted_context
from ranvier.services.command_counts import CommandCounts
from ranvier.services.command_meter import CommandMeter
from ranvier.services.command_timeout import TIMEOUT_MS, TIMEOUT_SECONDS, bounded_timeout_ms
from ranvier.services.context_kinds import KnownContexts, told
from ranvier.services.errors import NodeStopping
from ranvier.services.held_commands import HeldCommands
from ranvier.services.topology import Topology, command_registration
from ranvier.services.waiting_command import HandlerLink, HandlerStream, WaitingCommand

NODE_GRACE_SECONDS: Final = 0.5
"""What another node gets beyond a command's time to say that it gave it to no handler: only it
knows, and looks as seldom as this one."""

LOOK_SECONDS: Final = 0.1
"""How often commands are looked at whose time may be over, and how late they are told it."""

TURN_SECONDS: Final = 0.002
BETWEEN_TURNS_SECONDS: Final = 0.01
"""Where there are so many that a look takes longer than a turn, it is shared out."""

WAITING_BYTES_MAX: Final = 256 * 1024 * 1024
"""Bytes of all commands that wait for permits, beside the bound on their number."""

COUNTED_TOGETHER: Final = 500
"""Answers of one context that are counted at once, or after `LOOK_SECONDS`."""

FAREWELL_SECONDS: Final = 2.0
"""How long a stop waits for the answers to commands that handlers are working on."""


class DispatchCommands(CommandCounts):
    """All commands of this node that are under way, and the handlers that they go to."""

    def __init__(
        self,
        contexts: KnownContexts,
        topology: Topology,
        meter: CommandMeter,
        clock: Callable[[], float],
    ) -> None:
        """`clock` tells seconds that never go back."""
        self._contexts = contexts
        self._topology = topology
        self._meter = meter
        self._clock = clock
        super().__init__()
        self.held = HeldCommands(clock)
        self._routing.table.on_emptied = self.held.left
        self._links: dict[HandlerLink, HandlerStream | None] = {}
        """Every open stream, with what has become known of its handler."""
        self._timer: asyncio.TimerHandle | None = None
        self._not_looked_at: list[HandlerStream] = []
        self._waiting_bytes = 0
        self._durations: defaultdict[str, list[float]] = defaultdict(list)
        self._is_stopping = False
        self._emptied: asyncio.Event | None = None
        self.stray_answers = 0
        """Answers of handlers that nobody waited for: second ones, late ones, those for others."""

    async def start(self) -> None:
        """Nothing is to be prepared."""

    async def stop(self) -> None:
        """Take nothing new, let handlers answer for a moment, then end their streams."""
        self._is_stopping = True
        for stream in self.streams():
            self._reroute([command for _, command in stream.waiting.drain()])
        for command in self.held.drain():
            self._fail(command, NodeStopping())
        if self.active_count:
            self._emptied = asyncio.Event()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), FAREWELL_SECONDS)
        for link in list(self._links):
            self._close(link, NodeStopping())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # What is shown.

    def count_answered(self) -> None:
        """Tell the meter of all commands that were answered since it was last told."""
        for context, durations in self._durations.items():
            self._meter.done_all(context, durations)
        self._durations.clear()

    def end_context(self, context: str) -> None:
        """End the streams of all handlers of a context that is no more."""
        for stream in self.streams():
            if stream.handler.context == context:
                self._close(stream.link, UnknownContext(context))

    # What handlers do.

    def opened(self, context: str, link: HandlerLink) -> None:
        """Take a new stream on which a handler may subscribe.

        Raises `NodeStopping`, `UnknownContext`.
        """
        if self._is_stopping:
            raise NodeStopping
        self._contexts.expect_known(context)
        self._links[link] = None

    def join(self, handler: Handler, link: HandlerLink) -> HandlerStream:
        """Take the handler of an open stream, once it has said who it is."""
        return self.enter(HandlerStream(handler, link))

    def enter(self, stream: HandlerStream) -> HandlerStream:
        """Take a handler with its stream, as `join` makes it."""
        self._links[stream.link] = stream
        self._routing.join(stream)
        return stream

    def subscribe(self, stream: HandlerStream, name: str, load_factor: int) -> None:
        """Let commands of this name come to a handler; raises an `InstructionRefused`."""
        if not name:
            raise NameMissing("command")
        handler = stream.handler
        self._routing.table.subscribe(handler.context, name, handler, load_factor)
        self._topology.added(command_registration(handler, name, load_factor))
        for command in self.held.came(handler.context, name):
            self._route(command)

    def unsubscribe(self, stream: HandlerStream, name: str) -> None:
        """Let no new command of this name come; those that were sent are still answered.

        Those that wait go to another handler.
        """
        handler = stream.handler
        if not self._routing.table.unsubscribe(handler.context, name, handler):
            return
        self._topology.removed(command_registration(handler, name))
        moved = [command for _, command in stream.waiting.items() if command.name == name]
        for command in moved:
            stream.waiting.remove(command.message_id)
        self._reroute(moved)

    def grant(self, stream: HandlerStream, permits: int) -> None:
        """Add permits and send what has waited for them; raises `PermitsNotPositive`."""
        stream.permits.grant(permits)
        self._send_waiting(stream)

    def resumed(self, stream: HandlerStream) -> None:
        """Go on sending: the handler's stream takes more again."""
        stream.is_held = False
        self._send_waiting(stream)

    def answer(self, stream: HandlerStream, message_id: str, response: bytes) -> None:
        """Pass a handler's response on to whoever waits for it; nobody may."""
        command = stream.answered(message_id)
        if command is None:
            self.stray_answers += 1
            return
        command.stream = None
        # Counted in bulk, which takes 0.3 µs less for each.
        durations = self._durations[command.context]
        durations.append(self._clock() - command.came_at)
        if len(durations) >= COUNTED_TOGETHER:
            self.count_answered()
        command.answered(response)
        if self._emptied is not None:
            self._note_emptied()

    def closed(self, link: HandlerLink) -> None:
        """Forget a stream that is gone; telling it twice is allowed.

        Commands that its handler was sent fail with 4001; those that waited go to another one.
        """
        stream = self._links.pop(link, None)
        if stream is None:
            return
        handler = stream.handler
        for name in self._routing.leave(handler):
            self._topology.removed(command_registration(handler, name))
        sent, waiting = stream.lose()
        for command in sent:
            self._fail(command, CommandHandlerLost(handler.client_id))
        self._reroute(waiting)
        self._note_emptied()

    # What callers do.

    def dispatch(self, command: WaitingCommand) -> None:
        """Send a command to a handler, or let it wait for one; it is answered once."""
        now = command.came_at = self._clock()
        if self._is_stopping:
            self._fail(command, NodeStopping())
            return
        if command.timeout_ms:
            command.timeout_ms = bounded_timeout_ms(command.timeout_ms)
            command.expires_at = now + command.timeout_ms * 0.001
        else:
            command.expires_at = now + TIMEOUT_SECONDS
        if self._timer is None:
            self._look_again(LOOK_SECONDS)
        # Most commands have one handler, which is ready: it takes 0.4 µs, the whole choice 1.0.
        stream = self._routing.sole(command.context, command.name)
        if stream is not None and stream.take(command.message_id, command):
            command.stream = stream
            command.was_sent = True
            message, command.message = command.message, b""
            if not stream.link.send_command(message, command):
                stream.is_held = True
        else:
            self._route(command)

    def cancel(self, command: WaitingCommand) -> None:
        """Forget a command whose caller has gone; its handler is not told."""
        if self._withdraw(command) or self.held.forget(command):
            self._meter.failed(command.context)

    # How a command comes to its handler.

    def _route(self, command: WaitingCommand, refusal: RanvierError | None = None) -> None:
        """Choose a handler; `refusal` is told where none is left but the one that has refused."""
        try:
            stream = self._routing.choose(command)
        except RanvierError as error:
            if refusal is None or not isinstance(error, DuplicateCommand):
                refusal = told(self._contexts, error, command.context)
            if not self.held.hold(command, error):
                self._fail(command, refusal)
            return
        self._offer(stream, command)

    def _offer(self, stream: HandlerStream, command: WaitingCommand) -> None:
        try:
            is_sent = stream.offer(command.message_id, command, command.priority)
        except QueueFull as error:
            self._fail(command, error)
            return
        command.stream = stream
        if is_sent:
            self._send(stream, command)
        else:
            self._keep(command)

    def _send(self, stream: HandlerStream, command: WaitingCommand) -> None:
        message, command.message = command.message, b""
        command.was_sent = True
        if not stream.link.send_command(message, command):
            stream.is_held = True

    def _send_waiting(self, stream: HandlerStream) -> None:
        while (entry := stream.next_to_send()) is not None:
            command = entry[1]
            self._waiting_bytes -= len(command.message)
            self._send(stream, command)

    def _keep(self, command: WaitingCommand) -> None:
        """Count what a waiting command holds; refuse it where that is too much."""
        self._waiting_bytes += len(command.message)
        if self._waiting_bytes > WAITING_BYTES_MAX:
            self._withdraw(command)
            self._fail(command, QueueFull(WAITING_BYTES_MAX, "bytes"))

    def _withdraw(self, command: WaitingCommand) -> bool:
        """Take a command away from its handler; False if it is with none."""
        stream, command.stream = command.stream, None
        if stream is None:
            return False
        stream.abandon(command.message_id)
        if not command.was_sent:
            self._waiting_bytes -= len(command.message)
        self._note_emptied()
        return True

    def _reroute(self, commands: Iterable[WaitingCommand]) -> None:
        """Find another handler for commands that were taken out of a mailbox."""
        for command in commands:
            self._waiting_bytes -= len(command.message)
            command.stream = None
            if self._is_stopping:
                self._fail(command, NodeStopping())
            elif command.is_bound:
                self._fail(command, no_handler(command))
            else:
                self._route(command)

    def _fail(self, command: WaitingCommand, error: RanvierError) -> None:
        command.stream = None
        self._meter.failed(counted_context(command.context, error))
        command.failed(error)

    def _look_again(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        """Answer commands whose time is over, stream by stream; look again while there are any.

        To look at all of them now and then costs a command less than to note each one's deadline
        (0.4 µs), and a turn has an end, so that nothing waits long for it.
        """
        self._timer = None  # whatever fails here, there is a next look
        self.count_answered()
        now = self._clock()
        for command in self.held.late():
            is_over = command.expires_at <= now
            self._fail(command, timed_out(command) if is_over else no_handler(command))
        if not self._not_looked_at:
            self._not_looked_at = self.streams()
        started = now
        while self._not_looked_at and now - started < TURN_SECONDS:
            self._expire(self._not_looked_at.pop(), now)
            now = self._clock()
        if self._not_looked_at:
            self._look_again(BETWEEN_TURNS_SECONDS)
        elif len(self.held) or any(stream.sent or len(stream.waiting) for stream in self.streams()):
            self._look_again(LOOK_SECONDS)

    def _expire(self, stream: HandlerStream, now: float) -> None:
        if stream.handler.node:
            now -= NODE_GRACE_SECONDS
        late = [command for command in stream.sent.values() if command.expires_at <= now]
        late += [command for _, command in stream.waiting.items() if command.expires_at <= now]
        for command in late:
            self._withdraw(command)
            self._fail(command, timed_out(command))

    def _close(self, link: HandlerLink, error: RanvierError) -> None:
        self.closed(link)
        link.close(error)

    def _note_emptied(self) -> None:
        if self._emptied is not None and not self.active_count:
            self._emptied.set()


def timed_out(command: WaitingCommand) -> CommandTimedOut:
    """Return what a caller is told whose time is over."""
    return CommandTimedOut(command.timeout_ms or TIMEOUT_MS, was_sent=command.was_sent)


def no_handler(command: WaitingCommand) -> NoCommandHandler:
    """Return what a caller is told where nobody handles its command."""
    return NoCommandHandler(command.name, command.context)
