"""What is refused to somebody who wants to be let in.

AccessError
├── InvalidUserName    a name that nobody could be told apart by
└── PasswordRefused    a password that is too short, too long or too well known
"""

from __future__ import annotations

from typing import ClassVar

from ranvier.errors import RanvierError


class AccessError(RanvierError):
    """Whoever asks is not let in, or not in this way."""

    code: ClassVar[str] = "RANVIER-ACCESS"


class InvalidUserName(AccessError):
    """The name of a user is refused."""

    code: ClassVar[str] = "RANVIER-USER-NAME"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The user name {reason}.")
        self.field = "name"


class PasswordRefused(AccessError):
    """A new password is refused; the message never says the password."""

    code: ClassVar[str] = "RANVIER-PASSWORD"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The password {reason}.")
        self.field = "password"
