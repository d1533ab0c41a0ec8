"""The cookie of a session: `<256 random bits>.<route>`, and what is derived from those bits.

Only the part before the first dot is the session; what follows tells a balancer where to send the
request, and may name a node that is gone. The random part itself is stored nowhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

KEY_BYTES: Final = 32
"""256 random bits."""

CANDIDATES_MOST: Final = 2
"""Cookies of one request that are looked at: one of an earlier path or host may come first."""

COOKIE_BYTES_MOST: Final = 8 * 1024
"""Of the cookies of one request: beyond it nobody looks for one."""

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_ROUTE: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """What a browser shows of a session: nothing else proves that it is its."""

    key: str = field(repr=False)
    """The random part, base64url without padding."""
    route: str
    """The node that the browser is sent to; empty where the cookie names none."""

    @property
    def digest(self) -> str:
        """What the row of the session is found by: SHA-256 of the random part, hexadecimal."""
        return hashlib.sha256(self.key.encode()).hexdigest()

    @property
    def csrf_token(self) -> str:
        """What every form of this session brings, and no other site can know."""
        return hashlib.sha256(b"ranvier csrf " + self.key.encode()).hexdigest()

    def is_csrf_token(self, offered: str) -> bool:
        """Compare in a time that tells nothing of the token."""
        return hmac.compare_digest(self.csrf_token.encode(), offered.encode("utf-8", "replace"))

    def post_digest(self, post_key: str) -> str:
        """What a post is remembered by: nobody else's session can ask for its answer."""
        text = f"{self.key} {post_key}".encode("utf-8", "replace")
        return hashlib.sha256(b"ranvier post " + text).hexdigest()

    def sealed(self, post_key: str, renewed: SessionCookie) -> str:
        """Return the random part that a post has led to, for who repeats this very post.

        It can be read by nobody who does not show both this cookie and the key of the post. The
        pad is used once: a post with this key renews a session once.
        """
        return _masked(self._pad(post_key), _bytes_of(renewed.key)).hex()

    def unsealed(self, post_key: str, sealed: str) -> SessionCookie:
        """Return the cookie that `sealed` has put away."""
        return cookie_of(_masked(self._pad(post_key), bytes.fromhex(sealed)), self.route)

    def _pad(self, post_key: str) -> bytes:
        text = f"{self.key} {post_key}".encode("utf-8", "replace")
        return hashlib.sha256(b"ranvier renewed " + text).digest()


def cookie_of(random: bytes, route: str) -> SessionCookie:
    """Return the cookie of `KEY_BYTES` random bytes on the node of a route."""
    return SessionCookie(base64.urlsafe_b64encode(random).decode().rstrip("="), route)


def read_cookie(value: str) -> SessionCookie | None:
    """Return the cookie of a value; None for what no node of ours can have given."""
    key, _, route = value.partition(".")
    if _KEY.fullmatch(key) is None or cookie_of(_bytes_of(key), "").key != key:
        return None
    return SessionCookie(key, route if _ROUTE.fullmatch(route) else "")


def presented_cookies(headers: Iterable[bytes], name: str) -> tuple[SessionCookie, ...]:
    """Return those of a request's `Cookie` headers that could be a session's, in their order.

    Ones of other programs under the same name are passed over. At most `CANDIDATES_MOST`.
    """
    found: dict[str, SessionCookie] = {}
    for value in _values(headers, name):
        cookie = read_cookie(value.strip('"'))
        if cookie is not None:
            found.setdefault(cookie.key, cookie)
        if len(found) == CANDIDATES_MOST:
            break
    return tuple(found.values())


def set_cookie(name: str, cookie: SessionCookie, *, is_secure: bool) -> bytes:
    """Return the value of the `Set-Cookie` header that gives a browser this cookie."""
    secure = "; Secure" if is_secure else ""
    text = f"{name}={cookie.key}.{cookie.route}; Path=/; HttpOnly; SameSite=Lax{secure}"
    return text.encode("ascii")


def _values(headers: Iterable[bytes], name: str) -> Iterator[str]:
    left = COOKIE_BYTES_MOST
    for header in headers:
        left -= len(header)
        if left < 0:
            return
        for pair in header.decode("latin-1").split(";"):
            pair_name, equals, value = pair.strip().partition("=")
            if equals and pair_name == name:
                yield value.strip()


def _bytes_of(key: str) -> bytes:
    return base64.urlsafe_b64decode(f"{key}=")


def _masked(pad: bytes, text: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(pad, text, strict=True))
