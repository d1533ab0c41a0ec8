"""`/v1/commands`: who handles what, what is under way, and commands in JSON."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, FastAPI, Response

from ranvier.web.answer_json import answer_json
from ranvier.web.camel_model import CamelModel
from ranvier.web.dependencies import WebDependencies
from ranvier.web.parameters import ContextName, json_body
from ranvier.web.posted_command import (
    POSTED_COMMAND,
    AwaitedCommand,
    decode_command,
)
from ranvier.web.posted_messages import PostingRules

RUN_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": (
            "The answer of the handler. What went wrong stands in `errorCode`: of the handler, or "
            "of the node, such as AXONIQ-4000 (nobody handles this command), AXONIQ-4001 (the "
            "handler went away) and AXONIQ-4002 (the time is over)."
        ),
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


class CommandComponent(CamelModel):
    """An application that handles a command, and its instances."""

    name: str
    clients: list[str]


class KnownCommand(CamelModel):
    """A command that is handled."""

    context: str
    command: str
    components: list[CommandComponent]


class CommandQueue(CamelModel):
    """The commands of one handler's stream."""

    client: str
    component: str
    count: int
    """Commands that wait for permits."""
    active_count: int
    """Commands that it works on."""
    permits: int
    """Commands that it may still be sent."""


class CommandsResource:
    """Shows and dispatches through the routing of the node."""

    def __init__(self, dependencies: WebDependencies, rules: PostingRules) -> None:
        self._topology = dependencies.topology
        self._commands = dependencies.commands
        self._kinds = dependencies.kinds
        self._rules = rules

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        for path, summary, answer in (
            ("/v1/commands", "The commands that are handled", self.known),
            ("/v1/commands/queues", "What is under way to each handler", self.queues),
            ("/v1/commands/count", "How many commands are under way", self.count),
        ):
            app.get(path, tags=["commands"], summary=summary)(answer)
        app.post(
            "/v1/commands/run",
            tags=["commands"],
            summary="Dispatch a command",
            response_class=Response,
            responses=RUN_ANSWER,
            openapi_extra=POSTED_COMMAND,
        )(self.run)

    async def known(self, context: ContextName) -> list[KnownCommand]:
        """Return the commands of a context with their components, by name."""
        self._kinds.expect_known(context)
        clients: dict[str, dict[str, dict[str, None]]] = {}
        for each in self._topology.registrations(context):
            if each.kind == "command":
                of_name = clients.setdefault(each.name, {})
                of_name.setdefault(each.component_name, {})[each.client_id] = None
        return [
            KnownCommand(
                context=context,
                command=name,
                components=[
                    CommandComponent(name=component, clients=sorted(clients[name][component]))
                    for component in sorted(clients[name])
                ],
            )
            for name in sorted(clients)
        ]

    async def queues(self, context: ContextName) -> list[CommandQueue]:
        """Return the handlers on this node of a context, in the order of their coming."""
        self._kinds.expect_known(context)
        return [
            CommandQueue(
                client=stream.handler.client_id,
                component=stream.handler.component_name,
                count=len(stream.waiting),
                active_count=len(stream.sent),
                permits=stream.permits.available,
            )
            for stream in self._commands.streams()
            if stream.handler.context == context and not stream.handler.node
        ]

    async def count(self, context: ContextName) -> int:
        """Return the commands of a context that wait or are handled, as a bare number."""
        self._kinds.expect_known(context)
        active, queued = self._commands.active_counts(), self._commands.queued_counts()
        return active.get(context, 0) + queued.get(context, 0)

    async def run(
        self, context: ContextName, body: Annotated[bytes, Depends(json_body)]
    ) -> Response:
        """Dispatch a command and wait for its answer."""
        self._kinds.expect_known(context)
        command = AwaitedCommand(context, decode_command(body), self._rules)
        self._commands.dispatch(command)
        try:
            response = await command.response
        finally:
            self._commands.cancel(command)
        return Response(msgspec.json.encode(answer_json(response)), media_type="application/json")
