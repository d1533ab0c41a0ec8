"""The first program of README.md runs as it stands, twice, and is as short as promised."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.node_program import running_node

README = Path(__file__).parents[3] / "README.md"
MOST_LINES = 15


def first_program() -> str:
    found = re.search(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def run(program: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout.splitlines()


def test_hello_world_runs_and_goes_on_where_it_stood(tmp_path: Path) -> None:
    program = first_program()
    assert len(program.strip().splitlines()) <= MOST_LINES
    assert "localhost:8124" in program
    with running_node(tmp_path / "data") as node:
        here = program.replace("localhost:8124", node.grpc_address)
        assert run(here) == ["0 OrderPlaced b'3 lamps'"]
        assert run(here) == ["0 OrderPlaced b'3 lamps'", "1 OrderPlaced b'3 lamps'"]
