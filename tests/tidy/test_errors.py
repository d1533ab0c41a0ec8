from __future__ import annotations

import pytest

from tests.tidy.errors import error_classes, error_findings
from tests.tidy.repository import File, report, source_files


def test_errors_stand_in_their_modules_and_have_codes() -> None:
    report(error_findings(source_files()))


def test_the_tree_of_errors_is_found() -> None:
    assert {"QueryError", "EventError", "InvalidSequence"} <= error_classes(source_files()).keys()


ERRORS = "src/ranvier/events/errors.py"


@pytest.mark.parametrize(
    "text",
    [
        "class A(RanvierError):\n  code = 'X-1'",
        "class A(RanvierError):\n  code: ClassVar[str] = 'X-1'",
        "class A(errors.RanvierError): ...\nclass B(A):\n  code = 'X-1'",
        "class A(RanvierError):\n  code = 'X-1'\nclass B(A): ...\nclass C(B, Exception): ...",
        "class A(ValueError): ...",
    ],
)
def test_errors_in_order_pass(text: str) -> None:
    assert not list(error_findings([File(ERRORS, text)]))


@pytest.mark.parametrize(
    "text",
    [
        "class A(RanvierError):\n  '''No.'''",
        "class A(RanvierError):\n  other = 1",
        "class A(RanvierError):\n  code = 'X-1'\nclass B(RanvierError): ...\nclass C(B): ...",
    ],
)
def test_errors_without_a_code_are_found(text: str) -> None:
    (finding,) = error_findings([File(ERRORS, text)])
    assert "has no code" in finding.fault


def test_errors_elsewhere_are_found_through_their_parents() -> None:
    files = [
        File("src/ranvier/events/fold.py", "\nclass B(A): ..."),
        File(ERRORS, "class A(RanvierError):\n  code = 'X-1'"),
    ]
    (finding,) = error_findings(files)
    assert str(finding).startswith("src/ranvier/events/fold.py:2: B belongs into")
