"""Reports between nodes: this one gives its own, and asks the others for theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from google.protobuf.message import DecodeError

from ranvier.mesh.mesh_links import MeshLinks
from ranvier.mesh.mesh_server import MeshServer
from ranvier.mesh.own_node import MESH_PREFIX
from ranvier.mesh.report_messages import report_from, report_message
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.node_report import NodeReport, ReportWish
from ranvier.services.node_reports import ANSWER_SECONDS
from ranvier.wire.grpc.methods import unary
from ranvier.wire.grpc.server import GrpcServer
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode

REPORT_PATH: Final = f"{MESH_PREFIX}Report"


class ReportCalls:
    """The calls of both directions; keeps what `PeerReports` promises."""

    def __init__(self, links: MeshLinks, own: Callable[[ReportWish], NodeReport]) -> None:
        self._links = links
        self._own = own

    def add_to(self, mesh: MeshServer, server: GrpcServer) -> None:
        """Offer this node's report to the nodes that are linked."""
        mesh.add(server, "Report", unary(self.give))

    async def give(self, _call: ServerCall, message: bytes) -> bytes:
        """Tell another node how this one does."""
        call = mesh_pb2.ReportCall.FromString(message)
        if call.is_probe:
            return b""
        report = self._own(ReportWish(call.with_details, call.search))
        return report_message(report).SerializeToString()

    async def report_of(self, node_id: str, wish: ReportWish) -> NodeReport | str:
        """Return what a node tells of itself, or a sentence that says why it tells nothing."""
        link = self._links.link_to(node_id)
        if link is None:
            return "There is no link with the node at present."
        call = mesh_pb2.ReportCall(with_details=wish.with_details, search=wish.search)
        try:
            answer = await link.channel.unary(
                REPORT_PATH, call.SerializeToString(), timeout_seconds=ANSWER_SECONDS
            )
            return report_from(mesh_pb2.ReportReply.FromString(answer))
        except GrpcError as error:
            return refusal_text(link.peer.name, error)
        except DecodeError:
            return f"What node {link.peer.name} tells of itself cannot be read."


def refusal_text(name: str, error: GrpcError) -> str:
    """Return a sentence that says why a node tells nothing."""
    if error.status is StatusCode.UNIMPLEMENTED:
        return f"Node {name} runs an earlier version, which does not tell how it does."
    if error.status is StatusCode.DEADLINE_EXCEEDED:
        return f"Node {name} has not answered within {ANSWER_SECONDS:g} second."
    if error.status is StatusCode.UNAVAILABLE:
        return f"The link with node {name} is lost."
    return f"Node {name} has refused to tell how it does: {error.message}"
