"""EventProcessorAdminService: what clients are told, and what callers learn of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import grpc
import pytest
from axonclient.protos import control_pb2 as older_pb2
from axonclient.protos import control_pb2_grpc

from ranvier.proto import admin_pb2, common_pb2, control_pb2
from ranvier.proto.google.protobuf import empty_pb2
from tests.support.axon_node import AxonNode, NodeSettings
from tests.support.axon_stubs import ServiceStub, platform_stub, processor_admin_stub
from tests.support.live_call import LiveCall, Refusal, refusal_of, refused
from tests.system.axon.conftest import StartNode, across_nodes

pytestmark = across_nodes

Inbound = control_pb2.PlatformInboundInstruction
Claims = tuple[tuple[int, int], ...]

ACCOUNTS = admin_pb2.EventProcessorIdentifier(
    processor_name="accounts", token_store_identifier="store"
)


def acknowledged(instruction_id: str, error_code: str = "") -> Inbound:
    error = common_pb2.ErrorMessage(error_code=error_code)
    return Inbound(
        ack=common_pb2.InstructionAck(
            instruction_id=instruction_id, success=not error_code, error=error
        )
    )


class Client:
    """A client that runs the processor `accounts`."""

    def __init__(
        self, channel: grpc.Channel, name: str, claims: Claims = (), *, free: int = 1
    ) -> None:
        stub = platform_stub(channel)
        register = control_pb2.ClientIdentification(
            client_id=name, component_name=f"bank-{name}", version="4.6"
        )
        self.name = name
        self.call = LiveCall[Any, Any](stub.OpenStream, Inbound(register=register))
        self.report(claims, free)

    def report(self, claims: Claims, free: int = 1) -> None:
        """Tell how the processor does, and wait until the node knows."""
        info = control_pb2.EventProcessorInfo(
            processor_name="accounts",
            token_store_identifier="store",
            mode="Pooled Streaming",
            running=True,
            active_threads=len(claims),
            available_threads=free,
            is_streaming_processor=True,
            segment_status=[
                control_pb2.EventProcessorInfo.SegmentStatus(
                    segment_id=number, one_part_of=parts, token_position=9
                )
                for number, parts in claims
            ],
        )
        self.call.send(Inbound(event_processor_info=info, instruction_id="told"))
        assert self.call.next().ack.instruction_id == "told"

    def next(self) -> Any:
        """Return the next instruction with an id; it is acknowledged at once."""
        instruction = self.call.next()
        instruction_id = instruction.instruction_id
        self.call.send(acknowledged(instruction_id))
        return instruction

    def result(self, instruction: Any, *, success: bool = True, error: str = "") -> None:
        self.call.send(
            Inbound(
                result=common_pb2.InstructionResult(
                    instruction_id=instruction.instruction_id,
                    success=success,
                    error=common_pb2.ErrorMessage(message=error),
                )
            )
        )

    def follow(self, kind: str) -> Any:
        """Do what is asked, which must be of this kind; return what that said."""
        instruction = self.next()
        assert instruction.WhichOneof("request") == kind
        self.result(instruction)
        return getattr(instruction, kind)

    def is_asked_how_it_does(self) -> bool:
        return bool(self.call.next().HasField("request_event_processor_info"))


@pytest.fixture
def admin(channel: grpc.Channel) -> ServiceStub:
    return processor_admin_stub(channel)


@pytest.fixture
def connect(channel: grpc.Channel) -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def connect(*given: Any, **named: Any) -> Client:
        clients.append(Client(channel, *given, **named))
        return clients[-1]

    yield connect
    for client in clients:
        client.call.cancel()


@pytest.fixture
def later() -> Iterator[Callable[..., Future[Any]]]:
    """Make calls that wait for their answers while the test plays the clients."""
    with ThreadPoolExecutor(2) as pool:
        yield pool.submit


Connect = Callable[..., Client]
Later = Callable[..., "Future[Any]"]


def refusal_in(future: Future[Any]) -> Refusal:
    error = future.exception(60)
    assert isinstance(error, grpc.RpcError)
    return refusal_of(error)


def test_pause_and_start_go_to_all_and_all_must_confirm(
    admin: ServiceStub, connect: Connect, later: Later
) -> None:
    one, two = connect("one", ((0, 2),)), connect("two", ((1, 2),))
    for call, kind in (
        (admin.PauseEventProcessor, "pause_event_processor"),
        (admin.StartEventProcessor, "start_event_processor"),
    ):
        pending = later(call, ACCOUNTS)
        assert one.follow(kind).processor_name == "accounts"
        instruction = two.next()
        assert not pending.done()
        two.result(instruction)
        assert pending.result(60).result == admin_pb2.SUCCESS
        assert one.is_asked_how_it_does()
        assert two.is_asked_how_it_does()


def test_the_owner_of_the_largest_segment_splits_it(
    admin: ServiceStub, connect: Connect, later: Later
) -> None:
    connect("one", ((1, 4), (3, 4)))
    owner = connect("two", ((0, 2),))
    pending = later(admin.SplitEventProcessor, ACCOUNTS)
    assert owner.follow("split_event_processor_segment").segment_identifier == 0
    assert pending.result(60).result == admin_pb2.SUCCESS


def test_a_merge_begins_when_the_sibling_is_released(
    admin: ServiceStub, connect: Connect, later: Later
) -> None:
    owner, other = connect("one", ((0, 2),)), connect("two", ((1, 2),))
    pending = later(admin.MergeEventProcessor, ACCOUNTS)
    assert other.follow("release_segment").segment_identifier == 1
    assert owner.follow("merge_event_processor_segment").segment_identifier == 0
    assert pending.result(60).result == admin_pb2.SUCCESS


def test_a_segment_moves_when_all_others_release_it(
    admin: ServiceStub, connect: Connect, later: Later
) -> None:
    owner = connect("one", ((0, 1),))
    connect("two")
    move = admin_pb2.MoveSegment(event_processor=ACCOUNTS, segment=0, target_client_id="two")
    pending = later(admin.MoveEventProcessorSegment, move)
    assert owner.follow("release_segment").segment_identifier == 0
    assert pending.result(60).result == admin_pb2.SUCCESS
    move.target_client_id = "one"
    assert admin.MoveEventProcessorSegment(move).result == admin_pb2.SUCCESS


@pytest.mark.parametrize(
    ("segment", "target", "code"), [(0, "nobody", "AXONIQ-2801"), (0, "two", "AXONIQ-2802")]
)
def test_a_segment_needs_a_known_target_axoniq_2801_with_a_free_thread_axoniq_2802(
    admin: ServiceStub, connect: Connect, segment: int, target: str, code: str
) -> None:
    connect("one", ((0, 1),))
    connect("two", free=0)
    move = admin_pb2.MoveSegment(event_processor=ACCOUNTS, segment=segment, target_client_id=target)
    refusal = refused(lambda: admin.MoveEventProcessorSegment(move))
    assert refusal.status is grpc.StatusCode.NOT_FOUND
    assert refusal.axon_code == code


def test_a_processor_is_known_by_name_token_store_and_context_axoniq_2800(
    admin: ServiceStub, connect: Connect
) -> None:
    connect("one", ((0, 1),))
    for processor, store, context in (
        ("other", "store", ""),
        ("accounts", "other", ""),
        ("accounts", "store", "other"),
    ):
        named = admin_pb2.EventProcessorIdentifier(
            processor_name=processor, token_store_identifier=store, context_name=context
        )
        for call in (
            admin.PauseEventProcessor,
            admin.StartEventProcessor,
            admin.SplitEventProcessor,
            admin.MergeEventProcessor,
        ):
            refusal = refused(partial(call, named))
            assert refusal.status is grpc.StatusCode.NOT_FOUND
            assert refusal.axon_code == "AXONIQ-2800"


@pytest.mark.parametrize(
    ("context", "status"),
    [("", grpc.StatusCode.INTERNAL), ("default", grpc.StatusCode.CANCELLED)],
)
def test_a_failure_in_the_client_is_told_axoniq_1003(
    admin: ServiceStub, connect: Connect, later: Later, context: str, status: grpc.StatusCode
) -> None:
    one = connect("one", ((0, 1),))
    named = admin_pb2.EventProcessorIdentifier(
        processor_name="accounts", token_store_identifier="store", context_name=context
    )
    pending = later(admin.SplitEventProcessor, named)
    one.result(one.next(), success=False, error="The segment is busy")
    refusal = refusal_in(pending)
    assert refusal.status is status
    assert refusal.axon_code == "AXONIQ-1003"
    assert "The segment is busy" in refusal.text


def test_a_client_that_does_not_know_the_instruction_is_told_axoniq_1002(
    admin: ServiceStub, connect: Connect, later: Later
) -> None:
    one = connect("one", ((0, 1),))
    pending = later(admin.PauseEventProcessor, ACCOUNTS)
    instruction_id = one.call.next().instruction_id
    one.call.send(acknowledged(instruction_id, error_code="AXONIQ-1002"))
    refusal = refusal_in(pending)
    assert refusal.status is grpc.StatusCode.UNKNOWN
    assert refusal.axon_code == "AXONIQ-1002"


def test_a_client_that_goes_has_failed_axoniq_1003(
    admin: ServiceStub, connect: Connect, later: Later
) -> None:
    one = connect("one", ((0, 1),))
    pending = later(admin.PauseEventProcessor, ACCOUNTS)
    one.next()
    one.call.cancel()
    assert refusal_in(pending).axon_code == "AXONIQ-1003"


def test_no_result_in_time_is_told_axoniq_11000_and_a_late_one_axoniq_1004(
    start_node: StartNode,
) -> None:
    node = start_node(NodeSettings(result_seconds=0.05))
    with node.channel() as channel:
        one = Client(channel, "one", ((0, 1),))
        refusal = refused(lambda: processor_admin_stub(channel).PauseEventProcessor(ACCOUNTS))
        assert refusal.status is grpc.StatusCode.DEADLINE_EXCEEDED
        assert refusal.axon_code == "AXONIQ-11000"
        instruction_id = one.next().instruction_id
        late = common_pb2.InstructionResult(instruction_id=instruction_id, success=True)
        one.call.send(Inbound(result=late, instruction_id="late"))
        ack = one.call.next().ack
        assert (ack.instruction_id, ack.success) == ("late", False)
        assert ack.error.error_code == "AXONIQ-1004"
        one.call.cancel()


def test_processors_are_described_with_their_segments(admin: ServiceStub, connect: Connect) -> None:
    connect("one", ((0, 2),), free=3)
    connect("two", ((1, 2),))
    (found,) = admin.GetAllEventProcessors(empty_pb2.Empty())
    assert found.identifier.processor_name == "accounts"
    assert found.identifier.context_name == "default"
    assert (found.mode, found.isStreaming) == ("Pooled Streaming", True)
    assert found.load_balancing_strategy_name == "default"
    first, second = found.client_instance
    assert (first.client_id, first.isRunning, first.max_capacity) == ("one", True, 4)
    (segment,) = second.claimed_segment
    assert (segment.id, segment.one_part_of, segment.claimed_by) == (1, 2, "two")
    assert segment.token_position == 9
    for component, count in (("bank-two", 1), ("bank", 0)):
        listed = admin.GetEventProcessorsByComponent(common_pb2.Component(component=component))
        assert len(list(listed)) == count


def test_segments_are_spread_now(admin: ServiceStub, connect: Connect, later: Later) -> None:
    busy = connect("one", ((0, 2), (1, 2)))
    connect("two", free=2)
    request = admin_pb2.LoadBalanceRequest(processor=ACCOUNTS, strategy="threadNumber")
    pending = later(lambda: list(admin.LoadBalanceProcessor(request)))
    assert busy.follow("release_segment").segment_identifier == 1
    assert pending.result(60) == []
    request.strategy = "default"
    assert list(admin.LoadBalanceProcessor(request)) == []


def test_a_strategy_is_kept_and_shown(admin: ServiceStub, connect: Connect, node: AxonNode) -> None:
    assert [each.strategy for each in admin.GetBalancingStrategies(empty_pb2.Empty())] == [
        "default",
        "threadNumber",
    ]
    connect("one", ((0, 1),))
    request = admin_pb2.LoadBalanceRequest(processor=ACCOUNTS, strategy="threadNumber")
    assert list(admin.SetAutoLoadBalanceStrategy(request)) == []
    (found,) = admin.GetAllEventProcessors(empty_pb2.Empty())
    assert found.load_balancing_strategy_name == "threadNumber"
    assert len(node.do(node.database.processor_strategies.all())) == 1
    request.strategy = "default"
    assert list(admin.SetAutoLoadBalanceStrategy(request)) == []
    assert node.do(node.database.processor_strategies.all()) == {}
    request.strategy = "random"
    for call in (admin.SetAutoLoadBalanceStrategy, admin.LoadBalanceProcessor):
        refusal = refused(partial(call, request))
        assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT


def test_a_client_that_has_not_registered_is_told_so_and_its_stream_survives(
    channel: grpc.Channel,
) -> None:
    stub = platform_stub(channel)
    info = control_pb2.EventProcessorInfo(processor_name="accounts")
    with LiveCall[Any, Any](
        stub.OpenStream,
        Inbound(event_processor_info=info, instruction_id="1"),
        Inbound(result=common_pb2.InstructionResult(instruction_id="x"), instruction_id="2"),
        Inbound(heartbeat=control_pb2.Heartbeat(), instruction_id="3"),
        Inbound(register=control_pb2.ClientIdentification(client_id="c")),
        Inbound(event_processor_info=info, instruction_id="4"),
    ) as call:
        acks = [each.ack for each in call.take(4)]
    assert [(ack.instruction_id, ack.success, ack.error.error_code) for ack in acks] == [
        ("1", False, "AXONIQ-1003"),
        ("2", False, "AXONIQ-1003"),
        ("3", True, ""),
        ("4", True, ""),
    ]


def test_an_older_client_that_only_acknowledges_has_accepted(
    channel: grpc.Channel, admin: ServiceStub, later: Later
) -> None:
    """The client is that of the public Python package, which knows no results."""
    older: Any = older_pb2
    stub = control_pb2_grpc.PlatformServiceStub(channel)  # type: ignore[no-untyped-call]  # as shipped
    inbound = older.PlatformInboundInstruction
    register = older.ClientIdentification(client_id="old", component_name="b", version="4.5")
    info = older.EventProcessorInfo(processor_name="accounts", running=True)
    with LiveCall[Any, Any](
        stub.OpenStream,
        inbound(register=register),
        inbound(event_processor_info=info, instruction_id="1"),
    ) as call:
        call.next()
        named = admin_pb2.EventProcessorIdentifier(processor_name="accounts")
        pending = later(admin.PauseEventProcessor, named)
        asked = call.next()
        assert asked.pause_event_processor.processor_name == "accounts"
        ack = {"instruction_id": asked.instruction_id, "success": True}
        call.send(inbound(ack=ack))
        assert pending.result(60).result == admin_pb2.ACCEPTED
