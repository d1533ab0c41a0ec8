"""Instructions and their outcomes in the words of the control stream."""

from __future__ import annotations

from ranvier.errors import RanvierError
from ranvier.messages.processor_plans import Instruction, InstructionKind
from ranvier.proto import common_pb2, control_pb2
from ranvier.services.instruct_clients import ClientAnswer


def instruction_message(instruction: Instruction, instruction_id: str) -> bytes:
    """Return what a client is sent; without an id it answers nothing."""
    message = control_pb2.PlatformOutboundInstruction(instruction_id=instruction_id)
    segment = control_pb2.EventProcessorSegmentReference(
        processor_name=instruction.processor_name, segment_identifier=instruction.segment_id
    )
    processor = control_pb2.EventProcessorReference(processor_name=instruction.processor_name)
    match instruction.kind:
        case InstructionKind.PAUSE:
            message.pause_event_processor.CopyFrom(processor)
        case InstructionKind.START:
            message.start_event_processor.CopyFrom(processor)
        case InstructionKind.RELEASE:
            message.release_segment.CopyFrom(segment)
        case InstructionKind.SPLIT:
            message.split_event_processor_segment.CopyFrom(segment)
        case InstructionKind.MERGE:
            message.merge_event_processor_segment.CopyFrom(segment)
        case InstructionKind.TELL:
            message.request_event_processor_info.CopyFrom(processor)
    return message.SerializeToString()


def client_answer(
    answer: common_pb2.InstructionAck | common_pb2.InstructionResult,
) -> ClientAnswer:
    """Return what a client says of an instruction, as an acknowledgement or a result."""
    return ClientAnswer(
        answer.instruction_id, answer.success, answer.error.error_code, answer.error.message
    )


def acknowledgement(instruction_id: str, refusal: RanvierError | None = None) -> bytes:
    """Return the answer to an instruction with this id; a refusal makes it a failed one."""
    ack = common_pb2.InstructionAck(instruction_id=instruction_id, success=refusal is None)
    if refusal is not None:
        ack.error.error_code = refusal.code
        ack.error.message = str(refusal)
    return control_pb2.PlatformOutboundInstruction(ack=ack).SerializeToString()
