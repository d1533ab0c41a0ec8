from __future__ import annotations

import pytest

from tests.tidy.repository import RULES, File, own_files, python_files, report, source_files
from tests.tidy.words import (
    execution_findings,
    name_findings,
    print_findings,
    silencer_findings,
    sleep_findings,
    text_findings,
)


def outside_rules(files: list[File]) -> list[File]:
    return [file for file in files if not file.path.startswith(RULES)]


def test_modules_are_named_for_their_idea() -> None:
    report(name_findings(python_files()))


def test_no_file_says_what_none_may_say() -> None:
    report(text_findings(outside_rules(list(own_files()))))


def test_silenced_tools_have_a_reason() -> None:
    report(silencer_findings(outside_rules(python_files())))


def test_nothing_is_run_that_came_as_data() -> None:
    # Tests may: one shows what happens to a secret that is pickled.
    report(execution_findings(python_files("src/", "bench/", "examples/", "hatch_build.py")))


def test_only_the_command_line_prints() -> None:
    report(print_findings(file for file in source_files() if "ranvier/cli/" not in file.path))


def test_no_test_sleeps_to_wait() -> None:
    report(sleep_findings(python_files("tests/")))


def sample(text: str, path: str = "src/ranvier/events/fold.py") -> list[File]:
    return [File(path, text)]


@pytest.mark.parametrize(
    "path",
    [
        "src/ranvier/events/utils.py",
        "src/ranvier/common/tag.py",
        "tests/support/log_helpers.py",
        "src/ranvier/events/base_event.py",
        "bench/misc.py",
        "src/ranvier/services/session_manager.py",
    ],
)
def test_empty_names_are_found(path: str) -> None:
    assert len(list(name_findings([File(path, "")]))) == 1


@pytest.mark.parametrize("path", ["src/ranvier/database.py", "src/ranvier/events/event.py"])
def test_names_that_only_contain_such_letters_pass(path: str) -> None:
    assert not list(name_findings([File(path, "")]))


@pytest.mark.parametrize(
    "text",
    [
        "# TODO: later",
        "x = 1  # FIXME",
        "XXX",
        "https://pypi.org/simple",
        "registry = https://registry.npmjs.org/",
        "files.pythonhosted.org",
        "cd /work/main",
        "path = '/root/x'",
        "(/home/me/x)",
        "see issue 12",
        "fixes issue #12",
    ],
)
def test_forbidden_texts_are_found(text: str) -> None:
    (finding,) = text_findings(sample(f"first\n{text}\n"))
    assert finding.line == 2


@pytest.mark.parametrize(
    "text",
    [
        "todo lists are fine, as are mastodons",
        "from PyPI",
        "axoniq.io/home/page and framework/work/x",
        "~/work/notes",
        "the issue of 12 nodes",
    ],
)
def test_innocent_texts_pass(text: str) -> None:
    assert not list(text_findings(sample(text)))


@pytest.mark.parametrize(
    "line",
    [
        "x = y  # type: ignore",
        "x = y  # type: ignore[arg-type]",
        "x = y  # type: ignore  # no code",
        "x = y  # noqa",
        "x = y  # noqa: S105",
        "x = y  # noqa: S105  #",
        "x = y  # pragma: no cover",
        "# ruff: noqa",
        "# ruff: noqa: RUF009",
        "# mypy: ignore-errors",
    ],
)
def test_silencers_without_code_or_reason_are_found(line: str) -> None:
    (finding,) = silencer_findings(sample(f"\n{line}\n"))
    assert finding.line == 2


@pytest.mark.parametrize(
    "line",
    [
        "x = y  # type: ignore[arg-type]  # the stub forgets None",
        "x = y  # noqa: S105  # no secret",
        "x = y  # noqa: S105, FBT001  # no secret",
        "x = y  # pragma: no cover  # only on other systems",
        "# ruff: noqa: RUF009  # so it is spelled here",
        "# mypy: ignore-errors  # made by a tool",
        "x = y  # a comment",
    ],
)
def test_silencers_with_a_reason_pass(line: str) -> None:
    assert not list(silencer_findings(sample(line)))


@pytest.mark.parametrize(
    "text",
    ["eval('1')", "exec(x)", "import pickle", "from marshal import loads", "import a, shelve.b"],
)
def test_execution_is_found(text: str) -> None:
    (finding,) = execution_findings(sample(f"\n{text}"))
    assert finding.line == 2


@pytest.mark.parametrize("text", ["re.compile('a')", "statement.exec()", "from . import pickle_x"])
def test_what_only_sounds_so_is_not(text: str) -> None:
    assert not list(execution_findings(sample(text)))


def test_prints_are_found() -> None:
    (finding,) = print_findings(sample("def f():\n    print('a')\npprint(1)\n"))
    assert finding.line == 2


@pytest.mark.parametrize(
    "text",
    [
        "time.sleep(1)",
        "await asyncio.sleep(0.01)",
        "sleep(delay)",
        "anyio.sleep()",
        "await asyncio.sleep(0, 1)",
    ],
)
def test_sleeps_are_found(text: str) -> None:
    assert len(list(sleep_findings(sample(f"async def f():\n    {text}")))) == 1


@pytest.mark.parametrize("text", ["await asyncio.sleep(0)", "asleep(1)", "calls[0](1)"])
def test_giving_way_is_no_sleep(text: str) -> None:
    assert not list(sleep_findings(sample(f"async def f():\n    {text}")))
