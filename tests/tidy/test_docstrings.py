from __future__ import annotations

import pytest

from tests.tidy.docstrings import docstring_findings
from tests.tidy.repository import File, report, source_files


def test_everything_public_says_what_it_promises() -> None:
    report(docstring_findings(source_files()))


def findings(text: str) -> list[str]:
    file = File("src/ranvier/events/fold.py", text)
    return [f"{finding.line} {finding.fault}" for finding in docstring_findings([file])]


SAID = '"""Says it."""'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1", "1 ranvier.events.fold has no docstring"),
        ('"""  """', "1 ranvier.events.fold has no docstring"),
        ('"""half a"""', "1 ranvier.events.fold begins with no whole sentence"),
        (f"{SAID}\ndef f(): ...", "2 f has no docstring"),
        (f"{SAID}\nasync def f(): ...", "2 f has no docstring"),
        (f"{SAID}\nclass A: ...", "2 A has no docstring"),
        (f"{SAID}\nclass A:\n  {SAID}\n  def f(self): ...", "4 f has no docstring"),
        (f"{SAID}\nclass A:\n  {SAID}\n  class B: ...", "4 B has no docstring"),
        (f"{SAID}\n@property\ndef f(): ...", "3 f has no docstring"),
    ],
)
def test_silence_is_found(text: str, expected: str) -> None:
    assert findings(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        SAID,
        '"""Says it.\n\nAnd more"""',
        '"""Says in\ntwo lines:"""',
        f"{SAID}\ndef _f(): ...",
        f"{SAID}\nclass _A:\n  def f(self): ...",
        f"{SAID}\nclass A:\n  {SAID}\n  def __len__(self): ...",
        f"{SAID}\nclass A:\n  {SAID}\n  @x.setter\n  def x(self): ...",
        f"{SAID}\nclass A:\n  {SAID}\n  @typing.override\n  def x(self): ...",
        f"{SAID}\ndef f():\n  {SAID}\n  def g(): ...",
    ],
)
def test_what_speaks_or_is_private_passes(text: str) -> None:
    assert findings(text) == []
