"""nghttp2's own tools as clients, where they are installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.raw_http2 import grpc_message
from tests.support.wire_echo import path
from tests.support.wire_server import server_process

GRPC = ("-H", "content-type: application/grpc", "-H", "te: trailers")


def output_of(tool: str, *arguments: str) -> str:
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not installed")
    finished = subprocess.run([found, *arguments], capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture
def request_file(tmp_path: Path) -> str:
    file = tmp_path / "request"
    file.write_bytes(grpc_message(b"x" * 300))
    return str(file)


def test_h2load_gets_every_answer(request_file: str) -> None:
    with server_process() as port:
        printed = output_of(
            "h2load",
            *("-n", "20000", "-c", "4", "-m", "100", "-d", request_file, *GRPC),
            f"http://127.0.0.1:{port}{path('UnaryCallback')}",
        )
    assert "20000 total, 20000 started, 20000 done, 20000 succeeded, 0 failed" in printed


def test_h2load_with_small_windows_gets_every_answer(tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(grpc_message(b"x" * 200_000))
    with server_process() as port:
        printed = output_of(
            "h2load",
            *("-n", "200", "-c", "2", "-m", "20", "-w", "14", "-W", "15"),
            *("-d", str(file), *GRPC, f"http://127.0.0.1:{port}{path('Unary')}"),
        )
    assert "200 succeeded, 0 failed" in printed


def test_nghttp_reads_the_trailers(request_file: str) -> None:
    with server_process() as port:
        printed = output_of(
            "nghttp",
            *("-v", "-d", request_file, *GRPC, f"http://127.0.0.1:{port}{path('Unary')}"),
        )
    assert "grpc-status: 0" in printed
    assert "PROTOCOL_ERROR" not in printed
