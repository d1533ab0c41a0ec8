"""`/v1/processors` and the processors of `/v1/components`: shown, steered and spread."""

from __future__ import annotations

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path, Query, Response

from ranvier.messages.balance_segments import STRATEGIES
from ranvier.messages.event_processor import ProcessorId, ProcessorInstance
from ranvier.services.administer_processors import AdministerProcessors, ShownProcessor
from ranvier.services.instruction_outcome import InstructionOutcome
from ranvier.web.camel_model import CamelModel
from ranvier.web.parameters import ContextName

Component = Annotated[str, Path(description="The name that clients register as their component.")]
Processor = Annotated[str, Path(description="The name of the event processor.")]


# Not a plain function, which FastAPI would run in a thread.
async def named_processor(
    context: ContextName,
    processor: Processor,
    token_store: Annotated[
        str,
        Query(alias="tokenStoreIdentifier", description="Of the token store that it works with."),
    ] = "",
) -> ProcessorId:
    """Return the processor that a request means."""
    return ProcessorId(context, processor, token_store)


# The node finds a processor by name, token store and context; Axon's paths name a component too.
async def named_component(component: Component) -> str:
    """Return the component that a path names."""
    return component


NamedProcessor = Annotated[ProcessorId, Depends(named_processor)]


class ShownSegment(CamelModel):
    """A segment that a client works on."""

    segment_id: int
    one_part_of: int
    claimed_by: str
    token_position: int
    caught_up: bool
    replaying: bool
    error: str


class ShownInstance(CamelModel):
    """A processor in one client."""

    client_id: str
    component: str
    running: bool
    active_threads: int
    available_threads: int
    segments: list[ShownSegment]


class ShownEventProcessor(CamelModel):
    """A processor with all its instances."""

    name: str
    token_store_identifier: str
    context: str
    mode: str
    streaming: bool
    load_balancing_strategy: str
    instances: list[ShownInstance]


class Strategy(CamelModel):
    """A way of spreading segments."""

    name: str
    label: str


class ProcessorsResource:
    """Steers processors through the service of the node.

    200 says that all clients confirmed it, 202 that they got it and are too old to tell more.
    """

    def __init__(self, processors: AdministerProcessors) -> None:
        self._processors = processors

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        of_component = "/v1/components/{component}/processors"
        shared: dict[str, Any] = {"tags": ["processors"]}
        app.get(of_component, summary="The processors of a component", **shared)(self.of_component)
        for path, summary, action in (
            ("pause", "Pause a processor everywhere", self.pause),
            ("start", "Start a processor everywhere", self.resume),
            ("segments/split", "Split its largest segment", self.split),
            ("segments/merge", "Merge its smallest segment with its sibling", self.merge),
            ("segments/{segment}/move", "Move a segment to a client", self.move),
        ):
            app.patch(
                f"{of_component}/{{processor}}/{path}",
                summary=summary,
                response_class=Response,
                dependencies=[Depends(named_component)],
                **shared,
            )(action)
        app.get("/v1/processors/loadbalance/strategies", summary="Ways of balancing", **shared)(
            self.strategies
        )
        app.get("/v1/processors/{processor}/clients", summary="Who runs a processor", **shared)(
            self.clients
        )
        app.patch(
            "/v1/processors/{processor}/loadbalance",
            summary="Spread its segments now",
            response_class=Response,
            **shared,
        )(self.balance)

    async def of_component(
        self, component: Component, context: ContextName
    ) -> list[ShownEventProcessor]:
        """Return the processors that a component runs in a context."""
        return [shown(each) for each in self._processors.processors(context, component)]

    async def pause(self, processor: NamedProcessor) -> Response:
        """Stop every instance; all clients must confirm it."""
        return await answer(self._processors.pause(processor))

    async def resume(self, processor: NamedProcessor) -> Response:
        """Start every instance; all clients must confirm it."""
        return await answer(self._processors.resume(processor))

    async def split(self, processor: NamedProcessor) -> Response:
        """Have the owner of the largest segment split it."""
        return await answer(self._processors.split(processor))

    async def merge(self, processor: NamedProcessor) -> Response:
        """Have the owner of the smallest segment merge it, once all others gave up its sibling."""
        return await answer(self._processors.merge(processor))

    async def move(
        self,
        processor: NamedProcessor,
        segment: Annotated[int, Path(ge=0, description="The number of the segment.")],
        target: Annotated[str, Query(description="The client that shall have it.")],
    ) -> Response:
        """Have all others give up a segment, so that the target claims it."""
        return await answer(self._processors.move(processor, segment, target))

    async def clients(self, processor: NamedProcessor) -> list[str]:
        """Return the ids of the clients that run a processor."""
        return [each.client_id for each in self._processors.instances(processor)]

    async def strategies(self) -> list[Strategy]:
        """Return the ways in which segments can be spread."""
        return [Strategy(name=name, label=label) for name, label in STRATEGIES.items()]

    async def balance(
        self,
        processor: NamedProcessor,
        strategy: Annotated[str, Query(description="How to spread the segments.")],
    ) -> Response:
        """Move segments until they are spread as the strategy says."""
        await self._processors.balance(processor, strategy)
        return Response()


async def answer(outcome: Awaitable[InstructionOutcome]) -> Response:
    """Return an empty answer whose status tells how far an action is known to have come."""
    is_confirmed = await outcome is InstructionOutcome.CONFIRMED
    return Response(status_code=HTTPStatus.OK if is_confirmed else HTTPStatus.ACCEPTED)


def shown(processor: ShownProcessor) -> ShownEventProcessor:
    """Return a processor as it is shown."""
    first = processor.instances[0].status
    return ShownEventProcessor(
        name=processor.processor.name,
        token_store_identifier=processor.processor.token_store,
        context=processor.processor.context,
        mode=first.mode,
        streaming=first.is_streaming,
        load_balancing_strategy=processor.strategy,
        instances=[shown_instance(each) for each in processor.instances],
    )


def shown_instance(instance: ProcessorInstance) -> ShownInstance:
    """Return a processor in one client as it is shown."""
    status = instance.status
    return ShownInstance(
        client_id=instance.client_id,
        component=instance.component_name,
        running=status.is_running,
        active_threads=status.active_threads,
        available_threads=status.available_threads,
        segments=[
            ShownSegment(
                segment_id=segment.segment_id,
                one_part_of=segment.one_part_of,
                claimed_by=instance.client_id,
                token_position=segment.token_position,
                caught_up=segment.is_caught_up,
                replaying=segment.is_replaying,
                error=segment.error_state,
            )
            for segment in status.segments
        ],
    )
