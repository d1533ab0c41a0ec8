from __future__ import annotations

from tests.tidy.layout import (
    EXPECTED,
    expected_findings,
    mirror_findings,
    package_marker_findings,
)
from tests.tidy.repository import GENERATED, ROOT, File, own_files, report


def test_unit_tests_mirror_the_package() -> None:
    generated = [f"{GENERATED}__init__.py"]
    report(mirror_findings([*(file.path for file in own_files()), *generated]))


def test_packages_are_marked_and_tests_are_not() -> None:
    report(package_marker_findings(own_files()))


def test_what_a_stranger_looks_for_is_there() -> None:
    report(expected_findings(file.path for file in own_files()))


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make test" in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()[-1]


def test_a_folder_without_its_package_is_found() -> None:
    paths = [
        "src/ranvier/events/fold.py",
        "src/ranvier/errors.py",
        "tests/unit/events/test_fold.py",
        "tests/unit/test_errors.py",
        "tests/system/anything/test_a.py",
        "tests/unit/event/test_fold.py",
        "tests/unit/events/sample.json",
    ]
    (finding,) = mirror_findings(paths)
    assert finding.path == "tests/unit/event/test_fold.py"


def test_markers_are_found_where_they_lack_and_where_they_do_not_belong() -> None:
    paths = ["src/ranvier/a/__init__.py", "src/ranvier/b/x.py", "tests/unit/__init__.py"]
    findings = package_marker_findings(File(path, "") for path in paths)
    assert {finding.path for finding in findings} == {
        "src/ranvier/b/__init__.py",
        "tests/unit/__init__.py",
    }


def test_a_missing_file_is_found() -> None:
    assert not list(expected_findings(EXPECTED))
    (finding,) = expected_findings(EXPECTED[1:])
    assert finding.path == EXPECTED[0]
