"""`@grpc/grpc-js` as a client, where Node is installed and the package can be had."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.wire_echo import GRIEVANCE
from tests.support.wire_server import server_process

PACKAGE = "@grpc/grpc-js@1"
SCRIPT = Path(__file__).with_name("grpc_js_client.js")


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package installed."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node is not installed")
    folder = tmp_path_factory.mktemp("grpc-js")
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        pytest.skip("npm took too long to install @grpc/grpc-js")
    if done.returncode != 0:
        pytest.skip("npm could not install @grpc/grpc-js")
    return folder / "node_modules"


def test_every_kind_of_call(modules: Path) -> None:
    with server_process() as port:
        finished = subprocess.run(
            ["node", str(SCRIPT), str(port)],
            env=os.environ | {"NODE_PATH": str(modules)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert finished.returncode == 0, finished.stderr
    seen = json.loads(finished.stdout)
    assert seen["unary"]["answer"] == 5
    assert seen["large"]["answer"] == 4194304 - 16
    assert seen["error"]["error"] == {
        "code": 11,
        "details": GRIEVANCE,
        "trailer": "AXONIQ-2000",
    }
    assert seen["unknown"]["error"]["code"] == 12
    assert seen["deadline"]["error"]["code"] == 4
    assert (seen["metadata"]["head"], seen["metadata"]["tail"]) == ("some text", "256")
    assert seen["repeated"] == 300
    assert seen["counted"] == "300 messages, 44850 bytes"
    assert seen["chat"] == ",".join(str(number) for number in range(300))
    assert seen["many"] == 2000
