"""Control messages: acknowledgements, and what a client tells of its processors."""

from __future__ import annotations

from ranvier.axon.control_stream import processor_status
from ranvier.axon.errors import InstructionUnknown
from ranvier.axon.instructions import acknowledgement
from ranvier.messages.event_processor import ProcessorStatus, SegmentStatus
from ranvier.proto import control_pb2


def test_an_acknowledgement_names_the_instruction() -> None:
    answer = control_pb2.PlatformOutboundInstruction.FromString(acknowledgement("i-1"))
    assert answer.ack.instruction_id == "i-1"
    assert answer.ack.success
    assert not answer.ack.HasField("error")
    assert answer.instruction_id == ""


def test_an_unknown_instruction_is_acknowledged_as_unsupported() -> None:
    answer = control_pb2.PlatformOutboundInstruction.FromString(
        acknowledgement("i-1", InstructionUnknown())
    )
    assert answer.ack.instruction_id == "i-1"
    assert not answer.ack.success
    assert answer.ack.error.error_code == "AXONIQ-1002"


def test_a_processor_status_keeps_all_that_the_client_tells() -> None:
    info = control_pb2.EventProcessorInfo(
        processor_name="accounts",
        mode="Pooled Streaming",
        active_threads=1,
        running=True,
        error=False,
        available_threads=3,
        token_store_identifier="store",
        is_streaming_processor=True,
        load_balancing_strategy_name="threadNumber",
        segment_status=[
            {
                "segment_id": 1,
                "caught_up": True,
                "replaying": False,
                "one_part_of": 2,
                "token_position": 99,
                "error_state": "broken",
            }
        ],
    )
    segment = SegmentStatus(1, 2, 99, is_caught_up=True, is_replaying=False, error_state="broken")
    assert processor_status(info) == ProcessorStatus(
        name="accounts",
        token_store_identifier="store",
        mode="Pooled Streaming",
        active_threads=1,
        available_threads=3,
        is_running=True,
        is_error=False,
        is_streaming=True,
        load_balancing_strategy="threadNumber",
        segments=(segment,),
    )
