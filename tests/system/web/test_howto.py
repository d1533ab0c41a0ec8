"""The page about REST: every command in it prints what stands below it."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from tests.support.web_node import WebNode
from tests.support.web_server import listening

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "rest.md"
EXAMPLE = re.compile(r"```sh\n(.*?)```\n\n```(?:json|text)\n(.*?)```", re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_every_command_prints_what_stands_below_it(node: WebNode) -> None:
    text = PAGE.read_text()
    examples = EXAMPLE.findall(text)
    assert len(examples) == text.count("```sh")
    async with listening(node) as server:
        for command, printed in examples:
            shell = await asyncio.create_subprocess_shell(
                command.replace("localhost:8024", f"127.0.0.1:{server.port}"),
                stdout=asyncio.subprocess.PIPE,
            )
            output, _ = await shell.communicate()
            assert shell.returncode == 0
            assert output.decode().strip() == printed.strip()
