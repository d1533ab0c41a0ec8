"""`/cockpit/clients/processors`: the event processors that clients run, and steering them."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from ranvier.errors import RanvierError
from ranvier.messages.balance_segments import DEFAULT, STRATEGIES
from ranvier.messages.event_processor import ProcessorId, ProcessorInstance
from ranvier.services.administer_processors import ShownProcessor
from ranvier.services.cluster_clients import RemoteClient
from ranvier.services.instruction_outcome import InstructionOutcome
from ranvier.web.cockpit.chosen_node import chosen_node
from ranvier.web.cockpit.clients_page import ENTRY, PROCESSORS_PATH, TABS
from ranvier.web.cockpit.frame import Frame, link_maker
from ranvier.web.cockpit.listing import Columns, listing
from ranvier.web.cockpit.navigation import Crumb
from ranvier.web.cockpit.texts import _
from ranvier.web.cockpit.visible import visible
from ranvier.web.dependencies import WebDependencies
from ranvier.web.errors import InvalidParameter
from ranvier.web.http_status import status_of
from ranvier.web.posted_form import PostedForm, answer_once_elsewhere, posted_form

ONE_PATH: Final = f"{ENTRY.path}/processor"

DONE: Final = {
    "pause": "Every client has paused it.",
    "start": "Every client has started it.",
    "split": "Its largest segment was split.",
    "merge": "Its smallest segment was merged with its sibling.",
    "move": "The segment was given up by all others, so that the client takes it.",
    "balance": "Its segments are spread.",
    "strategy": "It is spread in this way from now on.",
    "sent": "The clients have got it; they are of a version that does not tell more.",
}
"""What is said on the page after each action, by its name."""


@dataclass(frozen=True, slots=True)
class ProcessorRow:
    """A processor in the list."""

    processor: ProcessorId
    components: Sequence[str]
    mode: str
    state: str
    look: str
    instance_count: int
    segment_count: int
    has_error: bool


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """A processor in one client."""

    node: str
    instance: ProcessorInstance


COLUMNS: Final[Columns[ProcessorRow]] = Columns(
    keys={
        "name": lambda row: (row.processor.name, row.processor.context),
        "context": lambda row: (row.processor.context, row.processor.name),
        "state": lambda row: (row.state, row.processor.name),
        "instances": lambda row: (row.instance_count, row.processor.name),
        "segments": lambda row: (row.segment_count, row.processor.name),
    },
    texts=lambda row: (row.processor.name, row.processor.context, *row.components),
    first="name",
)


class ProcessorsPage:
    """Shows what the clients of all nodes tell, and passes on what they shall do."""

    def __init__(self, dependencies: WebDependencies, frame: Frame) -> None:
        self._of = dependencies
        self._frame = frame

    def add_to(self, app: FastAPI) -> None:
        """Offer the pages and what their forms post; they are no part of the API."""
        app.get(PROCESSORS_PATH, include_in_schema=False)(self.all)
        app.get(ONE_PATH, include_in_schema=False)(self.one)
        app.post(ONE_PATH, include_in_schema=False)(self.act)

    async def all(self, request: Request) -> HTMLResponse:
        """Return the list of processors."""
        chosen = chosen_node(request, self._of.members())
        rows = [
            processor_row(each)
            for each in self._of.processors.processors()
            if chosen is None or any(self._node_of(one) == chosen for one in each.instances)
        ]
        return self._frame.render(
            request,
            "cockpit/processors.html",
            title=_(ENTRY.title),
            further=[Crumb(_("Event processors"))],
            listing=listing(request, rows, COLUMNS),
            tabs=TABS,
            here=PROCESSORS_PATH,
            one_path=ONE_PATH,
        )

    async def one(self, request: Request) -> HTMLResponse:
        """Return the page of one processor."""
        query = request.query_params
        processor = ProcessorId(
            query.get("context", ""), query.get("name", ""), query.get("store", "")
        )
        return self._shown(request, processor, done=DONE.get(query.get("done", ""), ""))

    async def act(self, request: Request) -> Response:
        """Do what a form asks for, once, and show the processor again."""
        form = await posted_form(request)
        processor = ProcessorId(form.first("context"), form.first("name"), form.first("store"))
        try:
            return await answer_once_elsewhere(
                request, lambda: self._done(request, processor, form)
            )
        except RanvierError as error:
            response = self._shown(request, processor, refusal=str(error))
            response.status_code = status_of(error)
            return response

    async def _done(self, request: Request, processor: ProcessorId, form: PostedForm) -> Response:
        outcome = await self._action(processor, form)
        action = form.first("action")
        is_told = outcome is None or outcome is InstructionOutcome.CONFIRMED
        back = link_maker(request, request.query_params.get("node") or None)(
            ONE_PATH,
            context=processor.context,
            name=processor.name,
            store=processor.token_store or None,
            done=action if is_told else "sent",
        )
        return RedirectResponse(back, 303)

    def _action(
        self, processor: ProcessorId, form: PostedForm
    ) -> Awaitable[InstructionOutcome | None]:
        processors = self._of.processors
        match form.first("action"):
            case "pause":
                return processors.pause(processor)
            case "start":
                return processors.resume(processor)
            case "split":
                return processors.split(processor)
            case "merge":
                return processors.merge(processor)
            case "move":
                return processors.move(processor, segment_of(form), form.first("target"))
            case "balance":
                return processors.balance(processor, form.first("strategy"))
            case "strategy":
                return processors.choose_strategy(processor, form.first("strategy"))
            case _:
                raise InvalidParameter("action", "must be one that the page offers")

    def _shown(
        self, request: Request, processor: ProcessorId, *, done: str = "", refusal: str = ""
    ) -> HTMLResponse:
        instances = self._of.processors.instances(processor)
        return self._frame.render(
            request,
            "cockpit/processor.html",
            title=visible(processor.name),
            further=[Crumb(_("Event processors"), PROCESSORS_PATH), Crumb(visible(processor.name))],
            processor=processor,
            row=processor_row(ShownProcessor(processor, tuple(instances), ""))
            if instances
            else None,
            instances=[InstanceRow(self._node_of(each), each) for each in instances],
            strategy=self._of.processors.strategies.get(processor, DEFAULT),
            strategies=STRATEGIES,
            done=_(done) if done else "",
            refusal=refusal,
            here=ONE_PATH,
        )

    def _node_of(self, instance: ProcessorInstance) -> str:
        member = instance.member
        return member.node if isinstance(member, RemoteClient) else self._of.node().name


def processor_row(shown: ShownProcessor) -> ProcessorRow:
    """Return a processor as the list shows it."""
    statuses = [each.status for each in shown.instances]
    running = sum(1 for each in statuses if each.is_running)
    has_error = any(
        each.is_error or any(one.error_state for one in each.segments) for each in statuses
    )
    state, look = state_of(running, len(statuses), has_error=has_error)
    return ProcessorRow(
        processor=shown.processor,
        components=sorted({each.component_name for each in shown.instances}),
        mode=statuses[0].mode,
        state=state,
        look=look,
        instance_count=len(statuses),
        segment_count=sum(len(each.segments) for each in statuses),
        has_error=has_error,
    )


def state_of(running: int, count: int, *, has_error: bool) -> tuple[str, str]:
    """Return how the instances of a processor do, in a word, and the colour of it."""
    if has_error:
        return _("in error"), "red"
    if running == count:
        return _("running"), "green"
    return (_("partly paused"), "yellow") if running else (_("paused"), "secondary")


def segment_of(form: PostedForm) -> int:
    """Return the number of the segment that a form names; raises `InvalidParameter`."""
    said = form.first("segment")
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise InvalidParameter("segment", "must be the number of a segment")
    return int(said)
