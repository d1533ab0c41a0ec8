"""Options that do not exist are refused when they are given, not passed over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ranvier
from ranvier.client import TlsFiles
from ranvier.client.errors import HubUnreachable, InvalidRequest
from tests.support.fake_hub import fake_hub


async def test_a_misspelt_option_is_named() -> None:
    wrong: dict[str, Any] = {"timeout": 3}
    with pytest.raises(TypeError, match=r"'timeout'.*connect_timeout_seconds"):
        async with ranvier.connect("localhost", **wrong):
            pass
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        with pytest.raises(TypeError, match=r"'timeout'.*timeout_seconds"):
            await hub.commands.send("x", **wrong)
        with pytest.raises(TypeError, match="needs the name"):
            await hub.commands.send({"lamps": 3}, 4)
        with pytest.raises(TypeError, match="needs a name"):
            await hub.queries.ask("")
        with pytest.raises(TypeError, match="'timeout'"):
            await hub.queries.ask("x", **wrong)


@pytest.mark.parametrize("option", ["context", "client_id", "access_token"])
async def test_what_no_header_can_carry_is_refused_at_once(option: str) -> None:
    options: dict[str, Any] = {option: "größer"}
    with pytest.raises(InvalidRequest, match="printable ASCII"):
        async with ranvier.connect("localhost", **options):
            pass


async def test_certificates_that_cannot_be_read_are_told_at_once() -> None:
    async with fake_hub() as server:
        with pytest.raises(HubUnreachable, match=r"missing\.pem"):
            async with ranvier.connect(server.address, tls=TlsFiles(authority=Path("missing.pem"))):
                pass


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import ranvier", ("ranvier.client", "google.protobuf", "asyncio")),
        (
            "from ranvier import connect",
            ("ranvier.node", "ranvier.services", "ranvier.storage", "fastapi", "apsw"),
        ),
    ],
)
def test_nothing_is_loaded_that_is_not_needed(statement: str, unwanted: tuple[str, ...]) -> None:
    program = f"import sys; {statement}; print([n for n in {unwanted!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.strip() == "[]"
