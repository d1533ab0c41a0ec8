"""TLS: agreed by ALPN, checked by both sides, and refused without."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import grpc
import pytest
import trustme

from ranvier.wire.connection_limits import ConnectionLimits
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.grpc.methods import unary_callback
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from ranvier.wire.tls import TlsFiles, TlsUnusable, client_context, server_context
from tests.support.wire_echo import path, serving


class Certificates:
    """An authority, a server's and a client's certificate, as files."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.authority_file = folder / "authority.pem"
        self.authority.cert_pem.write_to_path(str(self.authority_file))
        self.server = self._issued(folder, "127.0.0.1", "localhost")
        self.client = self._issued(folder, "client.example")

    def _issued(self, folder: Path, *names: str) -> TlsFiles:
        issued = self.authority.issue_cert(*names)
        certificate, key = folder / f"{names[0]}.pem", folder / f"{names[0]}.key"
        issued.cert_chain_pems[0].write_to_path(str(certificate))
        issued.private_key_pem.write_to_path(str(key))
        return TlsFiles(certificate, key)

    def server_that_demands(self) -> TlsFiles:
        return TlsFiles(self.server.certificate, self.server.key, self.authority_file)

    def client_that_shows(self) -> TlsFiles:
        return TlsFiles(self.client.certificate, self.client.key, self.authority_file)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls"))


async def test_grpcio_calls_over_tls(certificates: Certificates) -> None:
    credentials = grpc.ssl_channel_credentials(certificates.authority_file.read_bytes())
    async with (
        serving(tls=certificates.server) as (_, _, port),
        grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials) as channel,
    ):
        assert await channel.unary_unary(path("Unary"))(b"hidden") == b"hidden"
        message = bytes(4 * 1024 * 1024)
        assert await channel.unary_unary(path("Unary"))(b"x" + message[1:]) == b"x" + message[1:]


async def test_our_client_checks_the_server(certificates: Certificates) -> None:
    async with serving(tls=certificates.server) as (_, _, port):
        trusting = TlsFiles(authority=certificates.authority_file)
        channel = await Channel.connect("127.0.0.1", port, tls=trusting)
        assert await channel.unary(path("Unary"), b"hidden") == b"hidden"
        await channel.close()
        for tls, name in ((TlsFiles(), None), (trusting, "another.example")):
            with pytest.raises(GrpcError) as caught:
                await Channel.connect("127.0.0.1", port, tls=tls, server_name=name)
            assert caught.value.status is StatusCode.UNAVAILABLE


async def test_a_server_may_demand_certificates_and_see_them(certificates: Certificates) -> None:
    def name_of(call: ServerCall, message: bytes) -> None:
        certificate = call.peer_certificate
        assert certificate is not None
        call.reply(str(certificate["subjectAltName"]).encode())

    async with serving(tls=certificates.server_that_demands()) as (_, server, port):
        server.add("/test.Who/Am", unary_callback(name_of))
        channel = await Channel.connect("127.0.0.1", port, tls=certificates.client_that_shows())
        assert b"client.example" in await channel.unary("/test.Who/Am", b"")
        await channel.close()
        with pytest.raises(GrpcError) as caught:
            await Channel.connect(
                "127.0.0.1", port, tls=TlsFiles(authority=certificates.authority_file)
            )
        assert caught.value.status is StatusCode.UNAVAILABLE


@pytest.mark.parametrize("protocols", [[], ["http/1.1"]])
async def test_without_h2_by_alpn_nothing_is_spoken(
    certificates: Certificates, protocols: list[str]
) -> None:
    context = ssl.create_default_context(cafile=certificates.authority_file)
    if protocols:
        context.set_alpn_protocols(protocols)
    async with serving(tls=certificates.server) as (_, server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        try:
            assert await reader.read() == b""
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()
        assert server.connection_count == 0


async def test_a_client_that_starts_no_tls_is_dropped_in_time(certificates: Certificates) -> None:
    limits = GrpcLimits(connection=ConnectionLimits(handshake_seconds=0.05))
    async with serving(limits, tls=certificates.server) as (_, _, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            assert await reader.read() == b""
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()


def test_versions_before_1_2_are_not_spoken(certificates: Certificates) -> None:
    for context in (server_context(certificates.server), client_context(TlsFiles())):
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_unusable_files_are_named(certificates: Certificates, tmp_path: Path) -> None:
    absent = tmp_path / "absent.pem"
    with pytest.raises(TlsUnusable, match=r"absent\.pem"):
        server_context(TlsFiles(absent, certificates.server.key))
    with pytest.raises(TlsUnusable, match=r"127\.0\.0\.1\.pem"):
        server_context(TlsFiles(certificates.server.certificate, certificates.client.key))
    with pytest.raises(TlsUnusable, match="both a certificate and a key"):
        server_context(TlsFiles(certificates.server.certificate))
