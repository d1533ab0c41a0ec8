"""A user as the columns of its row, the same in every database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier.access.user_name import UserName
from ranvier.security.secret import Secret
from ranvier.storage.local_users import LocalUser


def user_of(row: Sequence[Any]) -> LocalUser:
    """Return the user of a row."""
    key, name, password_hash, created_at_ms, password_changed_at_ms, signed_in_at_ms = row
    return LocalUser(
        UserName(name, key),
        Secret(password_hash),
        created_at_ms,
        password_changed_at_ms,
        signed_in_at_ms,
    )
