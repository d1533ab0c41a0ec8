from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ranvier.node.errors import NodeIdUnreadable
from ranvier.node.node_id import kept_node_id


def test_an_id_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "data"
    node_id = kept_node_id(directory)
    assert kept_node_id(directory) == node_id
    assert kept_node_id(tmp_path) != node_id
    assert stat.S_IMODE((directory / "node-id").stat().st_mode) == 0o600
    assert [each.name for each in directory.iterdir()] == ["node-id"]


@pytest.mark.parametrize("text", [b"", b"adam\n", b"\xff" * 36, b"0" * 1000])
def test_a_file_that_holds_something_else_is_refused_and_left(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "node-id").write_bytes(text)
    with pytest.raises(NodeIdUnreadable, match="holds no node id; remove it"):
        kept_node_id(tmp_path)
    assert (tmp_path / "node-id").read_bytes() == text
