from __future__ import annotations

import pytest

from tests.tidy.repository import File, python_files, report, source_files
from tests.tidy.sizes import (
    MAXIMUM_FUNCTION_LINES,
    MAXIMUM_MEDIAN_FUNCTION_LINES,
    MAXIMUM_MEDIAN_MODULE_LINES,
    MAXIMUM_MODULE_LINES,
    boolean_findings,
    function_findings,
    median_function_lines,
    median_module_lines,
    module_findings,
    parameter_findings,
)


def test_modules_are_short() -> None:
    report(module_findings(python_files()))


def test_functions_are_short() -> None:
    report(function_findings(python_files()))


def test_functions_ask_for_few_things() -> None:
    report(parameter_findings(source_files()))


def test_truth_values_are_given_by_name() -> None:
    # The command line declares its flags as parameters.
    outside_cli = [file for file in source_files() if "ranvier/cli/" not in file.path]
    report(boolean_findings(outside_cli))


def test_the_usual_module_and_function_are_shorter_still() -> None:
    assert median_module_lines(source_files()) <= MAXIMUM_MEDIAN_MODULE_LINES
    assert median_function_lines(source_files()) <= MAXIMUM_MEDIAN_FUNCTION_LINES


def sample(text: str) -> list[File]:
    return [File("src/ranvier/events/fold.py", text)]


class TestRules:
    """Each limit holds at its edge and fails one beyond."""

    def test_a_module(self) -> None:
        assert not list(module_findings(sample("x = 1\n" * MAXIMUM_MODULE_LINES)))
        (finding,) = module_findings(sample("x = 1\n" * (MAXIMUM_MODULE_LINES + 1)))
        assert finding.fault.startswith("401 lines")

    def test_a_function(self) -> None:
        def function(lines: int) -> str:
            return "\n@cache\nclass A:\n  def f(self):\n" + "    x = 1\n" * (lines - 1)

        assert not list(function_findings(sample(function(MAXIMUM_FUNCTION_LINES))))
        (finding,) = function_findings(sample(function(MAXIMUM_FUNCTION_LINES + 1)))
        assert finding.line == 4
        assert finding.fault.startswith("f has 71 lines")

    @pytest.mark.parametrize(
        "text",
        [
            "def f(a, b, c, d, e): ...",
            "class A:\n  def f(self, a, b, c, d, e): ...",
            "class A:\n  @classmethod\n  def f(cls, a, b, c, *, d, e): ...",
            "class A:\n  @staticmethod\n  def f(a, b, c, d, e): ...",
            "def f(a, /, b, *c, d, **e): ...",
        ],
    )
    def test_five_parameters(self, text: str) -> None:
        assert not list(parameter_findings(sample(text)))

    @pytest.mark.parametrize(
        "text",
        [
            "def f(a, b, c, d, e, g): ...",
            "async def f(a, b, c, *, d, e, g): ...",
            "class A:\n  def f(self, a, b, c, d, e, g): ...",
            "class A:\n  @staticmethod\n  def f(a, b, c, d, e, g): ...",
            "def h():\n  def f(a, /, b, *c, d, e, **g): ...",
        ],
    )
    def test_six_parameters(self, text: str) -> None:
        (finding,) = parameter_findings(sample(text))
        assert finding.fault == "f has 6 parameters; at most 5"

    @pytest.mark.parametrize(
        "text",
        [
            "def f(a: int, *, b: bool) -> bool: ...",
            "def _f(a: bool): ...",
            "class A:\n  @b.setter\n  def b(self, value: bool): ...",
            "class A:\n  def __exit__(self, a: bool): ...",
            "def f(a: Callable[[bool], None] = g): ...",
            "def f(\n  a: bool,  # noqa: FBT001  # as the library calls it\n): ...",
        ],
    )
    def test_named_truth_values(self, text: str) -> None:
        assert not list(boolean_findings(sample(text)))

    @pytest.mark.parametrize(
        "text",
        [
            "def f(b: bool): ...",
            "def f(b: bool | None): ...",
            "def f(b: 'bool'): ...",
            "def f(a, b=False): ...",
            "class A:\n  async def f(self, b: bool): ...",
        ],
    )
    def test_truth_values_by_place(self, text: str) -> None:
        (finding,) = boolean_findings(sample(text))
        assert finding.fault == "f takes b by place; make it keyword-only"

    def test_medians(self) -> None:
        files = [*sample("def f():\n  pass\n"), *sample("\n" * 9), *sample("x = 1")]
        assert median_module_lines(files) == 2
        assert median_function_lines(files) == 2
