"""A secret text that never prints itself."""

from __future__ import annotations

import hmac
from typing import Final, NoReturn

MASK: Final = "********"


class Secret:
    """Holds a secret text and shows a mask wherever it is printed, formatted or logged.

    Only `reveal` gives the text away, so every place that does can be found by its name. Equality
    takes the same time whatever the texts have in common, and pickling is refused.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the secret itself, for the one place that has to send or compare it."""
        return self._text

    def matches(self, offered: str | None) -> bool:
        """Say whether `offered` is this secret, in a time that tells nothing about either."""
        if offered is None:
            return False
        # Lone surrogates may come from outside; they must compare unequal, not raise.
        ours = self._text.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(ours, offered.encode("utf-8", "surrogatepass"))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return self.matches(other._text)

    # A hash would be a short form of the secret that travels further than the secret does.
    __hash__ = None  # type: ignore[assignment]  # how Python spells "not hashable"

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, specification: str) -> str:
        return format(MASK, specification)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret is not pickled: it would be written down in the clear")
