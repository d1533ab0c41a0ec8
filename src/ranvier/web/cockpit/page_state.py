"""What a page shows, apart from who looks at it: all who look at the same share one rendering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request

from ranvier.web.access import TOKEN_NAME
from ranvier.web.cockpit.chosen_node import PARAMETER

OF_THE_WIRE: Final = frozenset({"page", "since"})
"""Parameters that say how news are brought, and not of what."""

QUERY_CHARACTERS: Final = 2_000
"""Of a page that is watched: what is longer is nobody's search."""


@dataclass(frozen=True, slots=True)
class PageState:
    """A page by its name, and what it was asked for, sorted."""

    page: str
    query: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """Return the value of a parameter."""
        return next((value for each, value in self.query if each == name), default)

    @property
    def chosen(self) -> str | None:
        """The name of the node that the page is about; None for all."""
        return self.get(PARAMETER) or None

    def link(self, path: str, **query: str | int | None) -> str:
        """Return a link that keeps the chosen node and a token of the query; None drops one."""
        lasting = [each for each in self.query if each[0] in (PARAMETER, TOKEN_NAME) and each[1]]
        wanted = {
            name: value for name, value in (dict(lasting) | query).items() if value is not None
        }
        return f"{path}?{urlencode(wanted)}" if wanted else path

    def watched_at(self, path: str) -> str:
        """Return where the news of this page are to be had."""
        return f"{path}?{urlencode([('page', self.page), *self.query])}"


def page_state(request: Request, page: str, more: Sequence[tuple[str, str]] = ()) -> PageState:
    """Return the state that a request asks for; `more` are what its path says."""
    query = [each for each in request.query_params.multi_items() if each[0] not in OF_THE_WIRE]
    return PageState(page, tuple(sorted({*query, *more})))
