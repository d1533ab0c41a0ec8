"""Java clients, where Java and Maven are installed and Maven finds the public libraries."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.node_program import running_node

PROGRAMS = Path(__file__).parent / "programs"
FETCH_SECONDS = 90
TOUR_SECONDS = 110

Tour = Callable[[str], dict[str, str]]


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the public clients and what they need."""
    if shutil.which("javac") is None or shutil.which("mvn") is None:
        pytest.skip("Java and Maven are not installed")
    folder = tmp_path_factory.mktemp("libraries")
    fetch = ["mvn", "-q", "-B", "-f", str(PROGRAMS / "pom.xml"), "dependency:copy-dependencies"]
    try:
        subprocess.run(
            [*fetch, f"-DoutputDirectory={folder}"],
            check=True,
            capture_output=True,
            timeout=FETCH_SECONDS,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("Maven cannot fetch the public clients here")
    return folder


@pytest.fixture(scope="session")
def tour(libraries: Path, tmp_path_factory: pytest.TempPathFactory) -> Tour:
    """Runs a Java program against a node of its own; gives what it said of each step."""

    def run(program: str) -> dict[str, str]:
        classes = tmp_path_factory.mktemp("classes")
        path = f"{libraries}/*:{classes}"
        source = str(PROGRAMS / f"{program}.java")
        subprocess.run(
            ["javac", "-nowarn", "-d", str(classes), "-cp", path, source],
            check=True,
            capture_output=True,
            timeout=TOUR_SECONDS,
        )
        with running_node(tmp_path_factory.mktemp("node")) as node:
            host, _, port = node.grpc_address.rpartition(":")
            done = subprocess.run(
                ["java", "-cp", path, program, host, port],
                capture_output=True,
                text=True,
                timeout=TOUR_SECONDS,
                check=False,
            )
        said = (line.partition(" ") for line in done.stdout.splitlines())
        return {rest.partition(":")[0]: f"{verdict} {rest}" for verdict, _, rest in said}

    return run
