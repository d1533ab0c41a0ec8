"""Every code of Axon's that this program can give is named by a test that provokes it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ranvier
from ranvier.errors import RanvierError

TESTS = Path(__file__).parents[2]


def error_modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(ranvier.__path__, "ranvier."):
        if module.name.endswith(".errors") and ".client." not in module.name:
            yield module.name


def all_below(error: type[RanvierError]) -> Iterator[type[RanvierError]]:
    yield error
    for each in error.__subclasses__():
        yield from all_below(each)


def given_codes() -> list[str]:
    for name in error_modules():
        importlib.import_module(name)
    codes = {error.code for error in all_below(RanvierError)}
    return sorted(code for code in codes if code.startswith("AXONIQ-"))


def named_codes() -> set[str]:
    found: set[str] = set()
    for folder in ("unit", "system", "conformance"):
        for path in (TESTS / folder).rglob("test_*.py"):
            if path != Path(__file__):
                found.update(re.findall(r"AXONIQ-\d{4,5}", path.read_text("utf-8")))
    return found


@pytest.mark.parametrize("code", given_codes())
def test_a_test_names_this_code(code: str) -> None:
    assert code in named_codes()
