"""The public Java connector, unchanged, goes through everything that a node offers."""

from __future__ import annotations

import re

import pytest

from tests.system.java.conftest import PROGRAMS, Tour

PROGRAM = "ConnectorTour"
STEPS = re.findall(r'step\("(\w+)"', (PROGRAMS / f"{PROGRAM}.java").read_text("utf-8"))


@pytest.fixture(scope="module")
def told(tour: Tour) -> dict[str, str]:
    return tour(PROGRAM)


@pytest.mark.parametrize("step", STEPS)
def test_the_connector_can(told: dict[str, str], step: str) -> None:
    assert told.get(step) == f"ok {step}"
