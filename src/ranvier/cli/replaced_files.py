"""Files that are replaced as a whole: who reads one sees the old text or the new one."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

NEW_FILE_MODE: Final = 0o644
"""Balancers read them as other users; they hold no secrets."""


def replace_files(texts: Mapping[Path, str]) -> frozenset[Path]:
    """Give these files these texts and return the ones that changed; raise `OSError`.

    All are on the disk before the first takes its place. A file that has its text is left alone,
    a link is followed, and the mode of a file stays.
    """
    wanted = {path: text.encode() for path, text in texts.items()}
    changed = {path: data for path, data in wanted.items() if _content(path) != data}
    written: dict[Path, Path] = {}
    try:
        for path, data in changed.items():
            target = path.resolve()
            written[target] = _written_beside(target, data)
        for target, temporary in written.items():
            temporary.replace(target)
            _flush_directory(target.parent)
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)
    return frozenset(changed)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _written_beside(target: Path, data: bytes) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), _mode(target))
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _mode(target: Path) -> int:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        return NEW_FILE_MODE


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
