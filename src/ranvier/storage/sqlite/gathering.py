"""Many small requests reach a worker in one hop and share what is dear, such as a commit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

from ranvier.storage.sqlite.failures import in_our_words
from ranvier.storage.sqlite.workers import Tool, Workers, settle, tell

Request = TypeVar("Request")
Answer = TypeVar("Answer")

_Waiting: TypeAlias = "tuple[Request, asyncio.Future[Answer]]"


class Gathering(Generic[Tool, Request, Answer]):
    """Collects requests while a worker is busy and hands them over together, in order.

    `answer_all` gets the tool and the requests, and returns one answer or error for each.
    """

    def __init__(
        self,
        workers: Workers[Tool],
        answer_all: Callable[[Tool, list[Request]], Sequence[Answer | Exception]],
        *,
        most_at_once: int,
    ) -> None:
        self._workers = workers
        self._answer_all = answer_all
        self._most_at_once = most_at_once
        self._waiting: deque[_Waiting[Request, Answer]] = deque()

    async def ask(self, request: Request) -> Answer:
        """Return the answer to one request, or raise the error given for it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((request, future))
        # The first one calls a worker. The worker takes all that wait, so a later one that finds
        # others waiting will be taken with them; should they just be gone, it is the first again.
        if len(self._waiting) == 1:
            try:
                self._workers.post(lambda tool: self._serve(loop, tool))
            except Exception:
                self._waiting.pop()
                raise
        return await future

    def _serve(self, loop: asyncio.AbstractEventLoop, tool: Tool) -> None:
        while taken := self._take():
            try:
                answers = self._answer_all(tool, [request for request, _ in taken])
            except Exception as error:  # every caller of this round gets it
                answers = [in_our_words(error)] * len(taken)
            tell(loop, _tell_all, [future for _, future in taken], answers)

    def _take(self) -> list[_Waiting[Request, Answer]]:
        taken: list[_Waiting[Request, Answer]] = []
        while len(taken) < self._most_at_once:
            try:
                taken.append(self._waiting.popleft())
            except IndexError:
                break
        return taken


def _tell_all(
    futures: Sequence[asyncio.Future[Answer]], answers: Sequence[Answer | Exception]
) -> None:
    for future, answer in zip(futures, answers, strict=True):
        settle(future, answer)
