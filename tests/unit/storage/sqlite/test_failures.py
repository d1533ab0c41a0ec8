from __future__ import annotations

import apsw
import pytest

from ranvier.events.errors import InvalidEvent
from ranvier.storage.errors import DatabaseDamaged, StorageFull, StorageUnavailable
from ranvier.storage.sqlite.failures import in_our_words


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (apsw.FullError("full"), StorageFull),
        (apsw.CorruptError("torn"), DatabaseDamaged),
        (apsw.NotADBError("text"), DatabaseDamaged),
        (apsw.BusyError("busy"), StorageUnavailable),
        (apsw.IOError("no answer"), StorageUnavailable),
        (OSError(5, "Input/output error"), StorageUnavailable),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), InvalidEvent),
        (OverflowError("too large"), InvalidEvent),
    ],
)
def test_what_sqlite_raises_becomes_one_sentence_of_ours(
    error: Exception, expected: type[Exception]
) -> None:
    translated = in_our_words(error)
    assert type(translated) is expected
    assert translated.__cause__ is error or isinstance(translated, InvalidEvent)
    assert str(translated).endswith(".")


def test_an_error_of_another_kind_is_left_alone() -> None:
    mistake = KeyError("mine")
    assert in_our_words(mistake) is mistake
