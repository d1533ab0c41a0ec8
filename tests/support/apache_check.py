"""Whether Apache httpd takes a file, without running it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.support.apache import Apache, framed, need_apache, program

MOD_JK_MODULES = ("jk", "ssl", "socache_shmcb")
MOD_PROXY_MODULES = (
    "headers", "proxy", "proxy_ajp", "proxy_http", "proxy_balancer", "proxy_hcheck",
    "slotmem_shm", "lbmethod_byrequests", "ssl", "socache_shmcb",
)  # fmt: skip


def check_httpd(directory: Path, text: str, modules: Sequence[str]) -> None:
    """Fail unless httpd with these modules takes a file; skip by name where one is missing."""
    need_apache(*modules)
    path = directory / "httpd.conf"
    path.write_text(framed(Apache(directory, 1), modules) + text)
    checked = subprocess.run(
        [program(), "-t", "-f", path],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "RANVIER_AJP_SECRET": "of-a-test"},
    )
    said = checked.stdout + checked.stderr
    assert checked.returncode == 0, said
    assert "AH00" not in said, said
