"""What is refused to people: to be let in, or something of their sessions.

AccessError
├── InvalidUserName    a name that nobody could be told apart by
├── PasswordRefused    a password that is too short, too long or too well known
├── SignInRefused      not this user with this password
├── SignInDelayed      too many attempts failed; the next may be made later
├── TooManySignIns     more sign-ins at one time than the node works on
├── SetUpRefused       no set-up secret, or no set-up any more
├── UnknownUser        nobody of that name
├── UserExists         somebody of that name already
├── TooManyUsers       as many users as there may be
├── LastUser           the only one who could sign in
└── NobodySignsIn      access control is off, so that users are of no use

SessionError
├── SessionEnded       the session that a form belongs to is over
├── SessionContended   others change the same session again and again
├── DraftTooLarge      a half-filled form is longer than a session keeps
└── PostUnderWay       the same post is still being worked on
"""

from __future__ import annotations

import math
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


class SignInRefused(AccessError):
    """The same for a wrong password and for a user who does not exist."""

    code: ClassVar[str] = "RANVIER-SIGN-IN-REFUSED"

    def __init__(self) -> None:
        super().__init__("There is no such user with this password: check both.")


class SignInDelayed(AccessError):
    """Sign-ins of this user or from this address failed too often; this one was not looked at."""

    code: ClassVar[str] = "RANVIER-SIGN-IN-DELAYED"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, wait_seconds: float) -> None:
        self.retry_after_seconds = max(1, math.ceil(wait_seconds))
        super().__init__(
            "Too many sign-ins have failed: the next may be made in"
            f" {self.retry_after_seconds} seconds."
        )


class TooManySignIns(AccessError):
    """The node checks as many passwords as it may at one time; this one was not looked at."""

    code: ClassVar[str] = "RANVIER-TOO-MANY-SIGN-INS"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(
            f"Too many people sign in at this moment: try again in {retry_after_seconds} seconds."
        )


class SetUpRefused(AccessError):
    """The first user is made with the one-time secret, and with no other."""

    code: ClassVar[str] = "RANVIER-SET-UP-REFUSED"

    def __init__(self) -> None:
        super().__init__(
            "This is not the set-up secret, or it has been used: the log of the node that was"
            " started first shows it, and once there is a user it is of no use."
        )
        self.field = "secret"


class UnknownUser(AccessError):
    """No user has this name."""

    code: ClassVar[str] = "RANVIER-NO-SUCH-USER"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no user {name}: GET /api/users lists them all.")


class UserExists(AccessError):
    """A user has this name already, or one that differs in case alone."""

    code: ClassVar[str] = "RANVIER-USER-EXISTS"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a user {name} already: take another name.")
        self.field = "name"


class TooManyUsers(AccessError):
    """There are as many users as a cluster keeps."""

    code: ClassVar[str] = "RANVIER-TOO-MANY-USERS"

    def __init__(self, limit: int) -> None:
        super().__init__(f"There are {limit} users already, which is the limit: remove some first.")


class LastUser(AccessError):
    """The last user is not removed: nobody could sign in and make another."""

    code: ClassVar[str] = "RANVIER-LAST-USER"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is the last user: make another one first.")


class NobodySignsIn(AccessError):
    """While access control is off, whoever reaches the node may do everything."""

    code: ClassVar[str] = "RANVIER-ACCESS-CONTROL-OFF"

    def __init__(self) -> None:
        super().__init__(
            "Nobody signs in while access_control is off: turn it on, and the first user is made"
            " with the secret that the log then shows."
        )


class SessionError(RanvierError):
    """What was asked of a session was not done."""

    code: ClassVar[str] = "RANVIER-SESSION"


class SessionEnded(SessionError):
    """The session is over: it ran out, was ended, or belongs to nobody."""

    code: ClassVar[str] = "RANVIER-SESSION-ENDED"

    def __init__(self) -> None:
        super().__init__("The session has ended: load the page again, and sign in if it asks.")


class SessionContended(SessionError):
    """Others changed the same session each time that this change was about to be made."""

    code: ClassVar[str] = "RANVIER-SESSION-CONTENDED"
    retry_may_help: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("Others change this session all the time: send it again in a moment.")


class DraftTooLarge(SessionError):
    """What was filled into a form is longer than a session keeps of one."""

    code: ClassVar[str] = "RANVIER-DRAFT-TOO-LARGE"

    def __init__(self, form: str, limit_bytes: int) -> None:
        super().__init__(
            f"The form {form} holds more than {limit_bytes} bytes: send it off, or fill in less."
        )
        self.field = form


class PostUnderWay(SessionError):
    """The same form was sent before, and what it asked for is not done yet."""

    code: ClassVar[str] = "RANVIER-POST-UNDER-WAY"
    retry_may_help: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("What this form asks for is still being done: look again in a moment.")
