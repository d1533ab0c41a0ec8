"""Where files lie: unit tests mirror the package, and what a stranger looks for is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.tidy.repository import File, Finding

UNIT_TESTS = "tests/unit/"
SOURCES = "src/ranvier/"

# Names that the outside looks for.
EXPECTED = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE",
    "Makefile",
    "pyproject.toml",
    ".ci/run",
    "docs/architecture.md",
    "src/ranvier/py.typed",
)


def mirror_findings(paths: Iterable[str]) -> Iterator[Finding]:
    """Yield folders of unit tests to which no package of ours answers."""
    paths = list(paths)
    packages = {path.removeprefix(SOURCES).rpartition("/")[0] for path in paths if _is_in_src(path)}
    for path in paths:
        folder = path.removeprefix(UNIT_TESTS).rpartition("/")[0]
        if path.startswith(UNIT_TESTS) and path.endswith(".py") and folder not in packages:
            yield Finding(path, 1, f"tests {folder}, and there is no {SOURCES}{folder}")


def package_marker_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield packages of ours without `__init__.py`, and tests with one."""
    paths = {file.path for file in files}
    folders = {path.rpartition("/")[0] for path in paths if _is_in_src(path)}
    for folder in folders:
        if f"{folder}/__init__.py" not in paths:
            yield Finding(f"{folder}/__init__.py", 1, "is missing; a package says what it is for")
    for path in paths:
        if path.startswith("tests/") and path.endswith("/__init__.py"):
            yield Finding(path, 1, "tests are found by their path and need none")


def expected_findings(paths: Iterable[str]) -> Iterator[Finding]:
    """Yield the names that the outside looks for in vain."""
    for name in sorted(set(EXPECTED) - set(paths)):
        yield Finding(name, 1, "is missing")


def _is_in_src(path: str) -> bool:
    return path.startswith(SOURCES) and path.endswith(".py")
