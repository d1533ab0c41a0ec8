from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from ranvier.__main__ import main
from ranvier.balancer.options import RenderOptions
from ranvier.balancer.render_mod_jk import render_mod_jk
from tests.support.balanced_nodes import IVY_NODES, nodes_of

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "workers.properties"
    path.write_text(render_mod_jk(nodes_of(*IVY_NODES), RenderOptions())[0].text)
    return path


def test_a_sound_file_is_0(sound: Path, capsys: Captured) -> None:
    assert main(["balancer", "check", str(sound)]) == 0
    assert capsys.readouterr().out == f"{sound} has no mistake.\n"
    assert main(["balancer", "check", str(sound), "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_mistakes_are_1_and_have_their_lines(sound: Path, capsys: Captured) -> None:
    sound.write_text(sound.read_text().replace(".host=", ".hostname="))
    assert main(["balancer", "check", str(sound)]) == 1
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"{sound}:")
    assert first.endswith("; write host. [unknown-directive]")
    assert main(["balancer", "check", "-o", "json", str(sound)]) == 1
    finding = json.loads(capsys.readouterr().out)[0]
    assert set(finding) == {"line", "code", "message"}
    assert finding["code"] == "unknown-directive"


def test_a_file_may_come_by_a_pipe(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"<a/>")))
    assert main(["balancer", "check", "-"]) == 1
    assert "XML" in capsys.readouterr().out


def test_it_is_compared_with_a_list_of_nodes(sound: Path, capsys: Captured) -> None:
    nodes = sound.with_name("nodes.json")
    nodes.write_text(json.dumps(IVY_NODES[:1]))
    assert main(["balancer", "check", str(sound), "--nodes", str(nodes)]) == 1
    assert "[unequal-route]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        ([], 2, "Give one FILE"),
        (["a", "b"], 2, "Give one FILE"),
        (["--wrong"], 2, "Give one FILE"),
        (["a", "-o", "xml"], 2, "txt or json"),
        (["a", "--nodes"], 2, "--nodes needs a value"),
        (["/nowhere/workers.properties"], 1, "No such file"),
        (["/"], 1, "cannot be read"),
        (["a\x00b"], 1, "cannot be read"),
        (["-", "--nodes", "/dev/null"], 1, "no node list"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: list[str], exit_code: int, words: str, capsys: Captured
) -> None:
    assert main(["balancer", "check", *arguments]) == exit_code
    printed = capsys.readouterr()
    assert printed.out == ""
    (sentence,) = printed.err.splitlines()
    assert words in sentence


def test_help_says_what_it_does(capsys: Captured) -> None:
    assert main(["balancer", "check", "--help"]) == 0
    assert "workers.properties" in capsys.readouterr().out
