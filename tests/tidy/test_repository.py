from __future__ import annotations

import pytest

from tests.tidy.repository import (
    ROOT,
    File,
    Finding,
    own_files,
    python_files,
    report,
    source_files,
)


def test_the_repository_is_found() -> None:
    paths = {file.path for file in own_files()}
    assert {"pyproject.toml", "Makefile", "README.md", "proto/event.proto"} <= paths
    assert "tests/tidy/test_repository.py" in paths
    assert "src/ranvier/errors.py" in {file.path for file in source_files()}
    assert not [path for path in paths if "/proto/event_pb2" in path or "__pycache__" in path]
    assert (ROOT / "pyproject.toml").is_file()


def test_folders_choose_files() -> None:
    assert {file.path.split("/")[0] for file in python_files("tests/", "src/")} == {"tests", "src"}
    assert "hatch_build.py" in {file.path for file in python_files()}


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("src/ranvier/__init__.py", "ranvier"),
        ("src/ranvier/errors.py", "ranvier.errors"),
        ("src/ranvier/events/query/__init__.py", "ranvier.events.query"),
    ],
)
def test_a_file_knows_its_module(path: str, module: str) -> None:
    assert File(path, "").module == module


def test_a_report_names_file_line_and_fault() -> None:
    report([])
    with pytest.raises(AssertionError, match=r"\na\.py:3: too long\nb\.py:1: too late"):
        report([Finding("b.py", 1, "too late"), Finding("a.py", 3, "too long")])
