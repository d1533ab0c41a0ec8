"""What holds for every test."""

from __future__ import annotations

import gc
import sys
import warnings
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from examples.free_port import take_share

# A machine that does other work beside the suite may be slow without anything being wrong; each
# test has its own time-out. What fails prints how to make it fail again.
settings.register_profile("ranvier", deadline=None, print_blob=True)
settings.load_profile("ranvier")

SYSTEM: Final = Path(__file__).parent / "system"
"""Tests with processes, databases and sockets of their own."""


def pytest_configure(config: pytest.Config) -> None:
    """Give each process of `-n 2 --dist loadfile`, say, ports of its own."""
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        take_share(int(worker["workerid"].removeprefix("gw")), worker["workercount"])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let a test with real processes try once more; the summary names each that had to.

    On a shared machine a process can be held up for longer than any deadline of a test. A defect
    fails twice. `-p no:rerunfailures` shows every first failure, as one that hunts them wants.
    """
    if config.pluginmanager.hasplugin("rerunfailures"):
        for item in items:
            if SYSTEM in item.path.parents:
                item.add_marker(pytest.mark.flaky(reruns=1))


FAILED: Final = pytest.StashKey[bool]()
"""Whether a test has failed since the last one began."""


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Take notice of a failure."""
    if call.excinfo is not None:
        item.config.stash[FAILED] = True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Clear away what a test that failed has left open, so that the next one is not blamed."""
    if item.config.stash.get(FAILED, False):
        item.config.stash[FAILED] = False
        sys.last_value = sys.last_traceback = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gc.collect()
