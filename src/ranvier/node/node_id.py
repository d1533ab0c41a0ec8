"""The id by which a node is the same after a restart and at a new address."""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path
from typing import Final

from ranvier.node.errors import NodeIdUnreadable

NODE_ID_FILE: Final = "node-id"

_PATTERN: Final = re.compile(r"[0-9a-f-]{36}")


def kept_node_id(directory: Path) -> str:
    """Return the id that is kept in a data directory; the first time, a new one is written.

    Raises `NodeIdUnreadable` where something else stands in the file, and `OSError`.
    """
    path = directory / NODE_ID_FILE
    try:
        text = path.read_text("ascii", "replace").strip()
    except FileNotFoundError:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _keep(path, str(uuid.uuid4()))
    if _PATTERN.fullmatch(text) is None:
        raise NodeIdUnreadable(path)
    return text


def _keep(path: Path, node_id: str) -> str:
    """Write the file whole or not at all, so that a crash leaves no half of an id."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, f"{node_id}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    return node_id
