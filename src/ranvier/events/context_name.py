"""What a context may be called."""

from __future__ import annotations

import re
from typing import Final

from ranvier.events.errors import EventError, InternalContext, InvalidContextName

ALLOWED: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,254}")


def refuse_context_name(name: str) -> EventError | None:
    """Say why nobody may create, change or delete a context of this name, or None if they may."""
    if name.startswith("_"):
        return InternalContext(name)
    return None if ALLOWED.fullmatch(name) else InvalidContextName(name)
