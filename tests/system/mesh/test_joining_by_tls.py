"""Joining where internal ports have certificates: what is handed over is read by nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from ranvier.cluster.joining.errors import NobodyAnswers
from ranvier.mesh.join_client import MeshDoors
from ranvier.mesh.join_server import JOIN_SERVICE, JoinServer
from ranvier.services.join_cluster import JoinProof
from ranvier.services.join_messages import Place
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.server import GrpcServer
from ranvier.wire.tls import TlsFiles
from tests.support.joining import KEYS, SECRET, cluster_side, joiner_side


def certificates(folder: Path) -> TlsFiles:
    """Return an authority and a certificate of this machine by it."""
    folder.mkdir()
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    files = TlsFiles(folder / "cert.pem", folder / "key.pem", folder / "ca.pem")
    authority.cert_pem.write_to_path(str(files.authority))
    issued.private_key_pem.write_to_path(str(files.key))
    issued.cert_chain_pems[0].write_to_path(str(files.certificate))
    return files


async def test_only_nodes_with_a_certificate_of_the_same_authority_talk(tmp_path: Path) -> None:
    ours, theirs = certificates(tmp_path / "ours"), certificates(tmp_path / "theirs")
    side = await cluster_side()
    server = GrpcServer()
    server.add_service(JOIN_SERVICE, JoinServer(side.admit, is_on_loopback=False).methods())
    place = Place("127.0.0.1", await server.listen("127.0.0.1", 0, ours))
    by_secret = JoinProof(secret=SECRET)
    try:
        joiner = joiner_side(MeshDoors(ours, GrpcLimits()))
        await joiner.join.join(place, by_secret)
        assert joiner.adopted[0].keys == KEYS
        for files in (theirs, None):
            stranger = joiner_side(MeshDoors(files, GrpcLimits()))
            with pytest.raises(NobodyAnswers):
                await stranger.join.join(place, by_secret)
            assert stranger.adopted == []
    finally:
        await server.stop(0.0)
