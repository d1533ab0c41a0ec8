"""Pages of commands: what they show runs as it stands, and prints what stands below it."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from ranvier.access.user_name import read_user_name
from ranvier.security.secret import Secret
from tests.support.browser_like import PASSWORD
from tests.support.memory_users import QUICK
from tests.support.web_node import WebNode
from tests.support.web_server import listening

PAGES = Path(__file__).parents[3] / "docs" / "howto"
PAGE = PAGES / "rest.md"
PROGRAM = re.compile(r"## Programs that sign in\n.*?```sh\n(.*?)```", re.DOTALL)
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


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_a_program_signs_in_as_the_page_about_access_control_says(tmp_path: Path) -> None:
    found = PROGRAM.search((PAGES / "access-control.md").read_text())
    assert found is not None
    assert PASSWORD in found[1]
    node = WebNode(access_token="secret")
    await node.access.users.add(read_user_name("anna"), QUICK.of(Secret(PASSWORD)))
    async with listening(node) as server:
        script = found[1].replace("localhost:8024", f"127.0.0.1:{server.port}")
        shell = await asyncio.create_subprocess_shell(
            script.replace("node-1", "messaging1"), stdout=asyncio.subprocess.PIPE, cwd=tmp_path
        )
        output, _ = await shell.communicate()
    assert '"name":"anna"' in output.decode()
    assert node.drains.asked == [("drain", "messaging1")]
