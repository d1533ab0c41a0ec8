"""The commands of the page about load balancers do what it says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from ranvier.__main__ import main
from tests.support.balanced_nodes import listed_node
from tests.support.stub_node import StubAnswer, stub_node

PAGE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "load-balancers.md"
NODES = [listed_node(f"node-{at}", host=f"node-{at}") for at in (1, 2, 3)]


def commands() -> list[str]:
    blocks = re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_every_command_of_the_page_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    written = set()
    with stub_node() as node:
        node.will_answer(StubAnswer(body=json.dumps(NODES).encode()))
        for command in commands():
            program, *words = shlex.split(command)
            assert program == "ranvier"
            target = words[words.index(">") + 1] if ">" in words else None
            words = words[: words.index(">")] if target else words
            if words[1] != "check":
                words += ["-S", node.url]
            if "--write" in words:
                place = words.index("--write") + 1
                # The paths of the page belong to other programs of this machine.
                words[place] = Path(words[place]).name
                written.add(words[place])
            assert main(words) == 0, command
            printed = capsys.readouterr().out
            assert printed
            if target:
                Path(target).write_text(printed)
    assert written == {"haproxy.cfg", "ranvier.conf", "workers.properties"}
    assert Path("ranvier-jk.conf").is_file()
    assert Path("uriworkermap.properties").is_file()


def test_the_page_has_a_section_for_each_kind() -> None:
    shown = {shlex.split(each)[3] for each in commands() if " render " in each}
    assert shown == {"haproxy", "nginx", "mod_jk", "mod_proxy", "kubernetes"}
