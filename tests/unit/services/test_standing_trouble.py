from __future__ import annotations

import logging

import pytest

from ranvier.services.standing_trouble import StandingTrouble


def test_a_failure_that_lasts_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ranvier.services")
    trouble = StandingTrouble("it could not be looked at")
    for _ in range(3):
        trouble.tell(RuntimeError("no database"))
    trouble.end()
    trouble.tell(RuntimeError("no database, again"))
    assert [record.levelname for record in caplog.records] == [
        "WARNING",
        "DEBUG",
        "DEBUG",
        "WARNING",
    ]
    assert caplog.messages[0] == "it could not be looked at: no database"
