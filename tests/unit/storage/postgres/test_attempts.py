from __future__ import annotations

import pytest

from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.postgres.attempts import Attempts


class Scene:
    def __init__(self) -> None:
        self.now = 0.0
        self.attempts = Attempts(0.5, lambda: self.now)

    def fail(self) -> None:
        with pytest.raises(OSError, match="nobody"), self.attempts.attempt():
            raise OSError("nobody there")

    @property
    def refusal(self) -> str | None:
        try:
            self.attempts.refuse_now()
        except StorageUnavailable as error:
            return error.reason
        return None


def test_nobody_is_refused_while_nothing_has_failed() -> None:
    scene = Scene()
    with scene.attempts.attempt():
        assert scene.refusal is None
    assert scene.refusal is None


def test_after_a_failure_all_are_told_of_it_until_the_pause_is_over() -> None:
    scene = Scene()
    scene.fail()
    assert scene.refusal == "nobody there"
    scene.now = 0.5
    assert scene.refusal is None


def test_only_one_tries_at_a_time_while_attempts_fail() -> None:
    scene = Scene()
    scene.fail()
    scene.now = 0.5
    with scene.attempts.attempt():
        assert scene.refusal == "nobody there"
    assert scene.refusal is None


def test_an_error_in_our_own_words_is_told_as_it_is() -> None:
    scene = Scene()
    with pytest.raises(StorageUnavailable), scene.attempts.attempt():
        raise StorageUnavailable("it is a former primary")
    assert scene.refusal == "it is a former primary"
