"""The Python client at closed doors: access tokens, TLS, and a node that stops in good order."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import trustme

import ranvier
from ranvier.client import ReconnectDelays, TlsFiles
from ranvier.client.errors import AccessRefused, ConnectionLost
from tests.support.node_database import node_process
from tests.support.node_program import running_node

TOKEN = "open-sesame-and-some-more"
QUICK = ReconnectDelays(0.01, 0.1, 0.1, 0.1)


async def test_1000_and_1001_are_told_at_once_and_the_right_token_opens(tmp_path: Path) -> None:
    flags = ("--access-control", "--access-token", TOKEN)
    with running_node(tmp_path / "data", *flags) as node:
        for token, code in ((None, "AXONIQ-1000"), ("wrong", "AXONIQ-1001")):
            with pytest.raises(AccessRefused) as error:
                async with ranvier.connect(node.grpc_address, access_token=token):
                    pass
            assert error.value.code == code
        async with ranvier.connect(node.grpc_address, access_token=TOKEN) as hub:
            hub.commands.handler("one")(lambda: 1)
            await hub.commands.ready()
            assert await hub.commands.send("one") == 1


async def test_tls_is_spoken_where_the_address_demands_it(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    files = {name: tmp_path / f"{name}.pem" for name in ("authority", "cert", "key")}
    authority.cert_pem.write_to_path(files["authority"])
    issued.private_key_pem.write_to_path(files["key"])
    for pem in issued.cert_chain_pems:
        pem.write_to_path(files["cert"], append=True)
    flags = ("--tls-cert", str(files["cert"]), "--tls-key", str(files["key"]))
    with running_node(tmp_path / "data", *flags) as node:
        address = f"grpcs://localhost:{node.ready['grpc']}"
        async with ranvier.connect(address, tls=TlsFiles(authority=files["authority"])) as hub:
            hub.queries.handler("one")(lambda: 1)
            await hub.queries.ready()
            assert await hub.queries.ask("one") == 1


async def test_a_node_that_stops_lets_its_clients_go_and_gets_them_back(tmp_path: Path) -> None:
    node = node_process(tmp_path / "data")
    async with ranvier.connect(node.grpc_address, reconnect=QUICK) as hub:
        hub.commands.handler("one")(lambda: 1)
        hub.queries.handler("one")(lambda: 1)
        await hub.commands.ready()
        await hub.queries.ready()
        async with hub.queries.subscribe("one") as live:
            assert await live.initial_result() == 1
            assert await asyncio.to_thread(node.stop) == 0
            with pytest.raises(ConnectionLost):
                await anext(live)
        port = str(node.ready["grpc"])
        again = await asyncio.to_thread(node_process, tmp_path / "data", "--grpc-port", port)
        await hub.commands.ready()
        await hub.queries.ready()
        assert await hub.commands.send("one") == 1
        assert await hub.queries.ask("one") == 1
    assert await asyncio.to_thread(again.stop) == 0
