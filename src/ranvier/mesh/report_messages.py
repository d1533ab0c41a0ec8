"""Reports of nodes as messages between them, and back; both sides name the same fields alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, asdict, fields
from typing import Any, ClassVar, Protocol, TypeVar

from google.protobuf.message import Message

from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.node_report import (
    Details,
    NodeReport,
    Queues,
    ReportedClient,
    ReportedHandler,
    ReportedLink,
    ReportedProcessor,
    Work,
)


class Flat(Protocol):
    """A value whose fields are numbers and texts."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Value = TypeVar("Value", bound=Flat)


def report_message(report: NodeReport) -> mesh_pb2.ReportReply:
    """Return what another node is told."""
    return mesh_pb2.ReportReply(
        node_id=report.node_id,
        name=report.name,
        taken_at_ms=report.taken_at_ms,
        uptime_seconds=report.uptime_seconds,
        cpu_share=report.cpu_share,
        memory_bytes=report.memory_bytes,
        client_count=report.client_count,
        open_session_count=report.open_session_count,
        is_ready=report.is_ready,
        health=report.health,
        counters=mesh_pb2.Work(**asdict(report.counters)),
        rates=mesh_pb2.Work(**asdict(report.rates)),
        queues=mesh_pb2.Queues(**asdict(report.queues)),
        links=[mesh_pb2.ReportedLink(**asdict(each)) for each in report.links],
        details=details_message(report.details),
    )


def details_message(details: Details) -> mesh_pb2.Details:
    """Return who is connected and handles what."""
    return mesh_pb2.Details(
        handlers=[mesh_pb2.ReportedHandler(**asdict(each)) for each in details.handlers],
        handler_count=details.handler_count,
        clients=[mesh_pb2.ReportedClient(**asdict(each)) for each in details.clients],
        client_count=details.client_count,
        processors=[mesh_pb2.ReportedProcessor(**asdict(each)) for each in details.processors],
        processor_count=details.processor_count,
    )


def report_from(reply: mesh_pb2.ReportReply) -> NodeReport:
    """Return the report of another node."""
    has_sessions = reply.HasField("open_session_count")
    return NodeReport(
        node_id=reply.node_id,
        name=reply.name,
        taken_at_ms=reply.taken_at_ms,
        uptime_seconds=reply.uptime_seconds,
        cpu_share=reply.cpu_share,
        memory_bytes=reply.memory_bytes,
        client_count=reply.client_count,
        open_session_count=reply.open_session_count if has_sessions else None,
        is_ready=reply.is_ready,
        health=tuple(reply.health),
        counters=value(Work, reply.counters),
        rates=value(Work, reply.rates),
        queues=value(Queues, reply.queues),
        links=tuple([link_from(each) for each in reply.links]),
        details=details_from(reply.details),
    )


def details_from(details: mesh_pb2.Details) -> Details:
    """Return who is connected and handles what, as another node tells."""
    return Details(
        # A kind of a later version is shown by its name.
        handlers=values(ReportedHandler, details.handlers),
        handler_count=details.handler_count,
        clients=values(ReportedClient, details.clients),
        client_count=details.client_count,
        processors=values(ReportedProcessor, details.processors),
        processor_count=details.processor_count,
    )


def link_from(link: mesh_pb2.ReportedLink) -> ReportedLink:
    """Return a link of another node."""
    seconds = link.round_trip_seconds if link.HasField("round_trip_seconds") else None
    return ReportedLink(
        node_id=link.node_id, name=link.name, is_up=link.is_up, round_trip_seconds=seconds
    )


def values(kind: type[Value], messages: Iterable[Message]) -> tuple[Value, ...]:
    """Return several values, each as `value` does."""
    return tuple([value(kind, message) for message in messages])


def value(kind: type[Value], message: Message) -> Value:
    """Return a value from the fields of the same names; a map becomes a dictionary."""
    found = {each.name: getattr(message, each.name) for each in fields(kind)}
    if "tags" in found:
        found["tags"] = dict(found["tags"])
    return kind(**found)
