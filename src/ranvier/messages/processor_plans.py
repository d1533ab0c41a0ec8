"""Who must be told what, and in which order, so that an event processor does as it is asked.

A plan is a sequence of steps. What is in one step goes out together; the next step begins when
every client has confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from ranvier.messages.errors import (
    NoFreeThread,
    NoSegmentClaimed,
    OnlyOneSegment,
    UnknownProcessor,
    UnknownTarget,
)
from ranvier.messages.event_processor import ProcessorId, ProcessorInstance, SegmentStatus


class InstructionKind(Enum):
    """What a client is asked to do with its instance of a processor."""

    PAUSE = "pause"
    START = "start"
    RELEASE = "release"
    SPLIT = "split"
    MERGE = "merge"
    TELL = "tell"
    """Say at once how the processor does."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One request to one client; the segment counts for `RELEASE`, `SPLIT` and `MERGE` alone."""

    member: Hashable
    kind: InstructionKind
    processor_name: str
    segment_id: int = 0


Step = tuple[Instruction, ...]
Plan = tuple[Step, ...]
Instances = Sequence[ProcessorInstance]


def plan_for_all(processor: ProcessorId, instances: Instances, kind: InstructionKind) -> Plan:
    """Tell every instance the same: to pause, to start, to say how it does."""
    refuse_unknown(processor, instances)
    return (tuple(Instruction(each.member, kind, processor.name) for each in instances),)


def plan_split(processor: ProcessorId, instances: Instances) -> Plan:
    """Let the owner of the largest segment split it; of equal ones the first counts."""
    owner, segment = _first_claim(processor, instances, _largest_first)
    split = Instruction(owner.member, InstructionKind.SPLIT, processor.name, segment.segment_id)
    return ((split,),)


def plan_merge(processor: ProcessorId, instances: Instances) -> Plan:
    """Let the owner of the smallest segment merge it, once all others gave up its sibling.

    The sibling of a smallest segment is as small: the two were one before they were split.
    """
    owner, segment = _first_claim(processor, instances, _smallest_first)
    if segment.one_part_of < 2:
        raise OnlyOneSegment(processor.name)
    sibling_id = segment.segment_id ^ (segment.one_part_of // 2)
    merge = Instruction(owner.member, InstructionKind.MERGE, processor.name, segment.segment_id)
    release = _release(processor, sibling_id, [each for each in instances if each is not owner])
    return (release, (merge,)) if release else ((merge,),)


def plan_move(
    processor: ProcessorId, instances: Instances, segment_id: int, target_client_id: str
) -> Plan:
    """Let all others give up a segment, so that the target claims it; nothing if it has it."""
    refuse_unknown(processor, instances)
    target = next((each for each in instances if each.client_id == target_client_id), None)
    if target is None:
        raise UnknownTarget(processor.name, target_client_id)
    if target.claims(segment_id):
        return ()
    if target.status.available_threads < 1 or not target.status.is_running:
        raise NoFreeThread(processor.name, target_client_id)
    release = _release(processor, segment_id, [each for each in instances if each is not target])
    return (release,) if release else ()


def refuse_unknown(processor: ProcessorId, instances: Instances) -> None:
    """Raise `UnknownProcessor` where no client runs the processor."""
    if not instances:
        raise UnknownProcessor(processor)


def _release(
    processor: ProcessorId, segment_id: int, instances: Iterable[ProcessorInstance]
) -> Step:
    return tuple(
        Instruction(each.member, InstructionKind.RELEASE, processor.name, segment_id)
        for each in instances
    )


Claim = tuple[ProcessorInstance, SegmentStatus]
_Order = Callable[[Claim], tuple[int, int]]


def _first_claim(processor: ProcessorId, instances: Instances, order: _Order) -> Claim:
    refuse_unknown(processor, instances)
    claims = [(each, segment) for each in instances for segment in each.status.segments]
    if not claims:
        raise NoSegmentClaimed(processor.name)
    return min(claims, key=order)


def _largest_first(claim: Claim) -> tuple[int, int]:
    return claim[1].one_part_of, claim[1].segment_id


def _smallest_first(claim: Claim) -> tuple[int, int]:
    return -claim[1].one_part_of, claim[1].segment_id
