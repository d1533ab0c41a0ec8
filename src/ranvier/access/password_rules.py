"""Which passwords may be set: long enough, and none of those that everybody tries first.

Source: NIST SP 800-63B, section 5.1.1.2: length counts, rules of composition do not.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from ranvier.access.errors import PasswordRefused
from ranvier.access.user_name import UserName

SHORTEST_BYTES: Final = 12
LONGEST_BYTES: Final = 1024
"""Of a password in UTF-8: no phrase is longer, and the work for one stays bounded."""

WORST: Final = frozenset(
    {
        "000000000000", "0123456789012", "1111111111111", "121212121212", "123123123123",
        "123321123321", "123456789012", "1234567890123", "1234567891011", "123456789101112",
        "123456789abc", "1234qwerasdf", "1q2w3e4r5t6y", "1q2w3e4r5t6y7u", "1qaz2wsx3edc",
        "1qazxsw23edc", "abc123abc123", "abcdefghijkl", "abcdefghijklm",
        "abcdefghijklmnopqrstuvwxyz", "admin1234567", "admin12345678", "adminadminadmin",
        "administrator", "administrator1", "asdfasdfasdf", "asdfghjkl123", "asdfghjklzxcvbnm",
        "axoniqserver", "baseballbaseball", "changeme1234", "changeme12345", "changemechangeme",
        "correcthorsebatterystaple", "defaultpassword", "footballfootball", "iloveyou1234",
        "iloveyouiloveyou", "letmein12345", "letmeinletmein", "monkeymonkey", "p@ssw0rd1234",
        "p@ssword1234", "passw0rd1234", "password123!", "password1234", "password12345",
        "password123456", "password1234567", "password12345678", "passwordpassword", "q1w2e3r4t5y6",
        "qazwsxedcrfv", "qwer1234qwer", "qwerasdfzxcv", "qwerty123456", "qwerty1234567",
        "qwertyqwerty", "qwertyuiop12", "qwertyuiop123", "qwertyuiopasdf", "qwertyuiopasdfghjkl",
        "ranvierranvier", "secretsecret", "testtesttest", "trustno1trustno1", "welcome12345",
        "welcome123456", "welcomewelcome", "zaq12wsxcde3", "correct horse battery staple",
    }
)  # fmt: skip
"""Of the lists of leaked passwords, what is long enough for the first rule."""


def read_password(text: str) -> str:
    """Return a typed password in the one form that is hashed, whatever keyboard wrote it."""
    return unicodedata.normalize("NFKC", text)


def is_long_beyond_reason(text: str) -> bool:
    """Tell whether nobody can have set this password; it need not be hashed to be wrong."""
    return len(text) > LONGEST_BYTES


def refuse_password(password: str, user: UserName) -> PasswordRefused | None:
    """Say why a user may not have this password, in its normal form; None if it may be had."""
    try:
        size_bytes = len(password.encode())
    except UnicodeEncodeError:
        return PasswordRefused("holds half of a surrogate pair, which is not text: mend it")
    if size_bytes < SHORTEST_BYTES:
        return PasswordRefused(f"is shorter than {SHORTEST_BYTES} bytes: take a longer one")
    if size_bytes > LONGEST_BYTES:
        return PasswordRefused(f"is longer than {LONGEST_BYTES} bytes: take a shorter one")
    folded = password.casefold()
    if folded in WORST or len(set(folded)) == 1:
        return PasswordRefused("is one of those that are tried first: take another one")
    if not folded.replace(user.key, ""):
        return PasswordRefused("is the name of the user: take another one")
    return None
