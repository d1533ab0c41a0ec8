from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from ranvier.cli.app import main
from tests.support.balanced_nodes import IVY_NODES, listed_node
from tests.support.stub_node import StubAnswer, StubNode

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def nodes(tmp_path: Path) -> str:
    path = tmp_path / "nodes.json"
    path.write_text(json.dumps(IVY_NODES))
    return str(path)


def test_a_file_is_made_from_the_nodes_of_the_cluster(node: StubNode, capsys: Captured) -> None:
    node.will_answer(StubAnswer(body=json.dumps(IVY_NODES).encode()))
    assert main(["balancer", "render", "haproxy", "-S", node.url]) == 0
    assert node.seen[0].path == "/api/cluster/nodes"
    printed = capsys.readouterr()
    assert "server ivynode1 ivynode1:8024 weight 2\n" in printed.out
    assert printed.err == ""


def test_a_file_is_made_from_a_list_that_was_kept(nodes: str, capsys: Captured) -> None:
    assert main(["balancer", "render", "nginx", "--modern", "--nodes", nodes, "-o", "json"]) == 0
    (file,) = json.loads(capsys.readouterr().out)
    assert file["file"] == "ranvier.conf"
    assert "sticky route" in file["text"]


def test_a_list_may_come_by_a_pipe(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    piped = io.TextIOWrapper(io.BytesIO(json.dumps(IVY_NODES).encode()))
    monkeypatch.setattr("sys.stdin", piped)
    assert main(["balancer", "render", "haproxy", "--nodes", "-"]) == 0
    assert "ivynode2" in capsys.readouterr().out


def test_a_file_is_replaced_only_if_it_changes(
    nodes: str, tmp_path: Path, capsys: Captured
) -> None:
    target = tmp_path / "haproxy.cfg"
    target.write_text("old")
    target.chmod(0o640)
    command = ["balancer", "render", "haproxy", "--nodes", nodes, "--write", str(target)]
    assert main(command) == 0
    assert capsys.readouterr().out == f"{target} is written.\n"
    assert "server ivynode1" in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o640
    written = target.stat().st_mtime_ns
    assert main([*command, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(target), "changed": False}
    assert target.stat().st_mtime_ns == written
    assert sorted(each.name for each in tmp_path.iterdir()) == ["haproxy.cfg", "nodes.json"]


def test_files_of_several_parts_lie_side_by_side(
    nodes: str, tmp_path: Path, capsys: Captured
) -> None:
    place = tmp_path / "jk" / "workers.properties"
    place.parent.mkdir()
    command = ["balancer", "render", "mod_jk", "--nodes", nodes]
    assert main([*command, "--write", str(place)]) == 0
    snippet = place.with_name("ranvier-jk.conf")
    assert f"JkWorkersFile {place}\n" in snippet.read_text()
    assert sorted(place.parent.iterdir()) == [snippet, place]
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert printed.index("# ---- workers.properties") < printed.index("# ---- ranvier-jk.conf")


def test_of_several_files_none_is_replaced_where_one_cannot_be(
    nodes: str, tmp_path: Path, capsys: Captured
) -> None:
    place = tmp_path / "workers.properties"
    place.write_text("old")
    (tmp_path / "ranvier-jk.conf").mkdir()
    assert main(["balancer", "render", "mod_jk", "--nodes", nodes, "--write", str(place)]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert place.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_node_without_ajp_is_named(node: StubNode, capsys: Captured) -> None:
    listed = [*IVY_NODES, listed_node("quiet", httpPort=1, ajpPort=None)]
    node.will_answer(StubAnswer(body=json.dumps(listed).encode()))
    assert main(["balancer", "render", "mod_jk", "-S", node.url]) == 1
    printed = capsys.readouterr()
    assert (printed.out, "node quiet listens for no AJP" in printed.err) == ("", True)


def test_iis_is_asked_for_by_server(nodes: str, capsys: Captured) -> None:
    assert main(["balancer", "render", "mod_jk", "--server", "iis", "--nodes", nodes]) == 0
    assert "# ---- uriworkermap.properties" in capsys.readouterr().out


def test_a_link_stays_one(nodes: str, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "haproxy.cfg"
    link.symlink_to(tmp_path / "real" / "haproxy.cfg")
    assert main(["balancer", "render", "haproxy", "--nodes", nodes, "--write", str(link)]) == 0
    assert link.is_symlink()
    assert "ivynode1" in (tmp_path / "real" / "haproxy.cfg").read_text()


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["--listen", "nowhere"], 2, "HOST:PORT"),
        (["--name", "a b"], 2, "--name"),
        (["--tls", "a b"], 2, "--tls"),
        (["--protocol", "ajp"], 1, "no AJP"),
        (["--modern"], 2, "--modern is for nginx only"),
        (["--server", "iis"], 2, "--server iis is for mod_jk only"),
        (["--gateway-class", "envoy"], 2, "--gateway-class is for kubernetes only"),
        (["--nodes", "/nowhere/nodes.json"], 1, "cannot be read"),
        (["--write", "/nowhere/haproxy.cfg"], 1, "cannot be written"),
        (["--write", ""], 2, "name of a file"),
        (["--write", "/"], 2, "name of a file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    nodes: str, arguments: list[str], exit_code: int, words: str, capsys: Captured
) -> None:
    assert main(["balancer", "render", "haproxy", "--nodes", nodes, *arguments]) == exit_code
    printed = capsys.readouterr()
    assert printed.out == ""
    (sentence,) = printed.err.splitlines()
    assert words in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("arguments", [["mod_kj"], [], ["haproxy", "--sticky", "glue"]])
def test_what_is_not_known_is_wrong_usage(arguments: list[str]) -> None:
    assert main(["balancer", "render", *arguments]) == 2


@pytest.mark.parametrize("text", ["", "{}", "[1]", "[[]]", "no json", "[" * 100_000, "\xff"])
def test_a_file_that_holds_no_list_is_refused(text: str, tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "nodes.json"
    path.write_text(text, encoding="latin-1")
    assert main(["balancer", "render", "haproxy", "--nodes", str(path)]) == 1
    assert "holds no node list" in capsys.readouterr().err


def test_a_hostile_list_of_a_node_is_refused_on_one_line(node: StubNode, capsys: Captured) -> None:
    hostile = [listed_node("a", host="a\nserver evil 192.0.2.66:80")]
    node.will_answer(StubAnswer(body=json.dumps(hostile).encode()))
    assert main(["balancer", "render", "haproxy", "-S", node.url]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "host" in sentence


def test_nobody_there_is_3() -> None:
    assert main(["balancer", "render", "haproxy", "-S", "http://127.0.0.1:1"]) == 3
