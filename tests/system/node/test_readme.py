"""The first program of README.md runs as it stands and is as short as promised."""

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


def test_hello_world_runs(tmp_path: Path) -> None:
    program = first_program()
    assert len(program.strip().splitlines()) <= MOST_LINES
    assert '"localhost"' in program
    with running_node(tmp_path / "data") as node:
        here = program.replace('"localhost"', f'"{node.grpc_address}"')
        done = subprocess.run(
            [sys.executable, "-c", here], capture_output=True, text=True, check=False, timeout=60
        )
    assert (done.stdout, done.stderr) == ("Hello, Ranvier!\n", "")
