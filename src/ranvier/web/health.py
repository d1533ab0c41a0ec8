"""Whether the node lives and is ready: our own paths, and those that others expect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, Literal

from fastapi import FastAPI, Response

from ranvier.web.camel_model import CamelModel
from ranvier.web.dependencies import PartHealth

Status = Literal["UP", "DOWN"]

NOT_READY: Final[dict[int | str, dict[str, str]]] = {
    503: {"description": "Not ready; the answer says why"}
}


class LiveAnswer(CamelModel):
    """The process runs and its event loop answers."""

    status: Status = "UP"


class PartAnswer(CamelModel):
    """One part of the node."""

    status: Status
    details: dict[str, str | int | float | bool]


class HealthAnswer(CamelModel):
    """The node is up when all its parts are."""

    status: Status
    reasons: list[str]
    components: dict[str, PartAnswer]


class HealthResource:
    """Answers from what the parts of the node say of themselves; waits for nothing."""

    def __init__(self, health: Callable[[], Sequence[PartHealth]]) -> None:
        self._health = health

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        app.get("/health/live", tags=["health"], summary="Does the process run?")(self.live)
        for path, summary in (
            ("/health/ready", "May clients be sent here?"),
            ("/actuator/health", "The same, where Spring Boot has it"),
            ("/system/health", "The same, where Axon Ivy has it"),
        ):
            app.get(path, tags=["health"], summary=summary, responses=NOT_READY)(self.ready)

    async def live(self) -> LiveAnswer:
        """Answer at all."""
        return LiveAnswer()

    async def ready(self, response: Response) -> HealthAnswer:
        """Answer 200 when every part is up, else 503 with the reasons."""
        parts = self._health()
        is_ready = all(part.is_up or not part.is_needed for part in parts)
        if not is_ready:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
            response.headers["Retry-After"] = "1"
        return HealthAnswer(
            status=status_text(is_up=is_ready),
            reasons=[f"{part.name}: {part.reason}" for part in parts if not part.is_up],
            components={part.name: part_answer(part) for part in parts},
        )


def part_answer(part: PartHealth) -> PartAnswer:
    """Return what is told of one part."""
    reason = {"reason": part.reason} if part.reason else {}
    return PartAnswer(status=status_text(is_up=part.is_up), details={**part.details, **reason})


def status_text(*, is_up: bool) -> Status:
    """Return the word that monitoring knows."""
    return "UP" if is_up else "DOWN"
