"""Delivers one segment of a stream to the consumer that holds it, as far as its demand reaches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from ranvier.services.event_follower import EventFollower
from ranvier.services.follow_events import FollowEvents
from ranvier.services.stream_consumer import StreamConsumer

PAGE_BYTES: Final = 64 * 1024
"""Of one read: what a segment holds in memory for a consumer that does not go on."""

NOTHING_SENT: Final = -1


class SegmentRules(Protocol):
    """Decides which events belong to a segment."""

    def take(self, segment: int, token: int, row: bytes) -> bool | None:
        """Tell whether an event is a replay; None if it is not this segment's to deliver."""


class SegmentDelivery:
    """One segment while one consumer holds it.

    `confirmed` is the token to go on with after whatever may happen: behind the last event that was
    acknowledged, or behind all that was looked at if none waits for its acknowledgement.
    """

    def __init__(
        self,
        segment: int,
        consumer: StreamConsumer,
        rules: SegmentRules,
        next_token: int,
        moved: Callable[[], None],
    ) -> None:
        self.confirmed = next_token
        self._segment = segment
        self._consumer = consumer
        self._rules = rules
        self._moved = moved
        self._demand = 0
        self._looked_at = next_token
        self._last_sent = NOTHING_SENT
        self._is_over = False
        self._follower: EventFollower | None = None

    def request(self, count: int) -> None:
        """Let so many more events be sent; a number below 1 asks for none."""
        self._demand += max(0, count)
        self.wake()

    def acknowledge(self, token: int) -> bool:
        """Take that all events up to a token are handled; False if that says nothing new.

        Nobody acknowledges what was not sent: such a token counts as the last one that was.
        """
        last_sent = self._last_sent
        if last_sent == NOTHING_SENT or token < self.confirmed:
            return False
        if token >= last_sent:
            self._last_sent = NOTHING_SENT
            self.confirmed = self._looked_at
        else:
            self.confirmed = token + 1
        return True

    def wake(self) -> None:
        """Look again at what may be sent."""
        if self._follower is not None:
            self._follower.wake()

    def stop(self) -> None:
        """Send nothing more; acknowledgements are taken still."""
        self._is_over = True
        self.wake()

    async def run(self, context: str, follow_events: FollowEvents) -> None:
        """Deliver until stopped; raise the `RanvierError` that makes it impossible."""
        follower = await follow_events.follow(context, self.confirmed)
        self._follower = follower
        try:
            await self._deliver(follower)
        finally:
            self._follower = None
            follow_events.leave(follower)

    async def _deliver(self, follower: EventFollower) -> None:
        first_token, rows, index = 0, (), 0  # type: int, Sequence[bytes], int
        while not self._is_over:
            follower.rest()
            if not self._may_send:
                follower.refuse_when_ended()
                await follower.wait(for_events=False)
            elif index < len(rows):
                index += self._send(first_token + index, rows[index:])
            elif follower.has_more:
                page = await follower.read(PAGE_BYTES)
                first_token, rows, index = page.first_token, page.rows, 0
            else:
                await follower.wait()

    @property
    def _may_send(self) -> bool:
        return self._demand > 0 and self._consumer.may_take

    def _send(self, token: int, rows: Sequence[bytes]) -> int:
        """Send what the demand allows; return how many rows were looked at."""
        count = 0
        for row in rows:
            is_replay = self._rules.take(self._segment, token, row)
            if is_replay is not None:
                self._demand -= 1
                self._last_sent = token
                self._consumer.deliver(self._segment, token, row, is_replay=is_replay)
            token += 1
            count += 1
            if not self._may_send or self._is_over:
                break
        self._looked_at = token
        if self._last_sent == NOTHING_SENT:
            self.confirmed = token
            self._moved()
        return count
