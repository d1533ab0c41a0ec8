"""TLS on the ports that clients use: one certificate for gRPC and HTTP, nothing in the clear."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc
import httpx2
import pytest
import trustme

from ranvier.proto.event_pb2 import GetLastTokenRequest, TrackingToken
from tests.support.node_program import is_one_sentence, ranvier, running_node

GET_LAST_TOKEN = "/io.axoniq.axonserver.grpc.event.EventStore/GetLastToken"


class Certificates:
    """A throw-away authority and a certificate of `localhost` by it, as files."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("localhost", "127.0.0.1")
        self.authority_pem = authority.cert_pem.bytes()
        self.authority = folder / "ca.pem"
        self.cert = folder / "cert.pem"
        self.key = folder / "key.pem"
        self.authority.write_bytes(self.authority_pem)
        issued.private_key_pem.write_to_path(self.key)
        for pem in issued.cert_chain_pems:
            pem.write_to_path(self.cert, append=True)

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--tls-cert", str(self.cert), "--tls-key", str(self.key))


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


def last_token(channel: grpc.Channel) -> int:
    call = channel.unary_unary(
        GET_LAST_TOKEN,
        request_serializer=GetLastTokenRequest.SerializeToString,
        response_deserializer=TrackingToken.FromString,
    )
    answer = call(GetLastTokenRequest(), timeout=30)
    assert isinstance(answer, TrackingToken)
    return answer.token


def test_grpc_and_http_speak_tls_and_nothing_else(
    certificates: Certificates, tmp_path: Path
) -> None:
    with running_node(tmp_path / "data", *certificates.flags) as node:
        credentials = grpc.ssl_channel_credentials(certificates.authority_pem)
        with grpc.secure_channel(f"localhost:{node.ready['grpc']}", credentials) as channel:
            assert last_token(channel) == -1
        trusted = ssl.create_default_context(cafile=str(certificates.authority))
        with httpx2.Client(verify=trusted) as client:
            me = client.get(f"https://localhost:{node.ready['http']}/v1/public/me").json()
        assert me["ssl"] is True
        with (
            grpc.insecure_channel(f"localhost:{node.ready['grpc']}") as channel,
            pytest.raises(grpc.RpcError),
        ):
            last_token(channel)
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"http://localhost:{node.ready['http']}/health/live")


def test_the_command_line_checks_the_certificate_unless_told_not_to(
    certificates: Certificates, tmp_path: Path
) -> None:
    with running_node(tmp_path / "data", *certificates.flags) as node:
        address = f"localhost:{node.ready['http']}"
        assert ranvier("events", "read", "-S", f"http://{address}", "-s").code != 0
        said = ranvier("events", "read", "-S", f"http://{address}", "-s", "-i")
        assert said.code == 0, said.err


def test_files_that_do_not_fit_are_a_sentence(certificates: Certificates, tmp_path: Path) -> None:
    said = ranvier(
        *("start", "--http-port", "0", "--grpc-port", "0", "--internal-port", "0"),
        *("--data", str(tmp_path / "data"), "--log-level", "error"),
        *("--tls-cert", str(certificates.key), "--tls-key", str(certificates.cert)),
    )
    assert said.code == 1
    assert is_one_sentence(said.err), said.err
