"""What a form post was answered by, kept so that the same post is answered by it again."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Final

ANSWER_BYTES: Final = 256 * 1024
"""Of one answer that is kept: a redirect, or a form with what is wrong in it."""


@dataclass(frozen=True, slots=True)
class PostedAnswer:
    """Status, headers and body; the cookie is made anew for who asks again."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    renewed: str = ""
    """The sealed random part of the session that the post has led to, where it has changed."""

    def text(self) -> str:
        """Return the answer as a column of a row."""
        body = base64.b64encode(self.body).decode()
        return json.dumps([self.status, self.headers, body, self.renewed])


def answer_of(text: str) -> PostedAnswer:
    """Return the answer that `PostedAnswer.text` has written."""
    status, headers, body, renewed = json.loads(text)
    pairs = tuple((str(name), str(value)) for name, value in headers)
    return PostedAnswer(int(status), pairs, base64.b64decode(body), str(renewed))
