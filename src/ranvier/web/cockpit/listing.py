"""Lists on pages: searched, sorted by any column, a page at a time, all said by the address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final, Generic, TypeVar

from starlette.requests import Request

Row = TypeVar("Row")

ROWS_PER_PAGE: Final = 50
SEARCH_LONGEST: Final = 255
"""Characters: nothing that is searched for has a longer name."""

SEARCH, SORT, PAGE = "search", "sort", "page"


@dataclass(frozen=True, slots=True)
class Columns(Generic[Row]):
    """What a list can be sorted by, and what of a row a search looks into."""

    keys: Mapping[str, Callable[[Row], Any]]
    texts: Callable[[Row], Iterable[str]]
    first: str
    """What it is sorted by where the address does not say; `-` in front of it: downwards."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """One page of a list."""

    rows: Sequence[Row]
    total: int
    """Of all that match."""
    search: str
    sort: str
    page: int
    page_count: int

    @property
    def first_number(self) -> int:
        """The place of the first row, counted from 1; 0 where there is none."""
        return (self.page - 1) * ROWS_PER_PAGE + 1 if self.rows else 0

    @property
    def last_number(self) -> int:
        """The place of the last row."""
        return (self.page - 1) * ROWS_PER_PAGE + len(self.rows)

    def direction(self, column: str) -> str:
        """Return how the list is sorted by a column, in the words of `aria-sort`."""
        if self.sort == column:
            return "ascending"
        return "descending" if self.sort == f"-{column}" else "none"

    def next_sort(self, column: str) -> str:
        """Return what the address says for sorting by a column, the other way round if it is."""
        return f"-{column}" if self.sort == column else column


def listing(request: Request, rows: Iterable[Row], columns: Columns[Row]) -> Listing[Row]:
    """Return the page of these rows that a request asks for; what makes no sense is ignored."""
    search = asked_search(request)
    text = search.casefold()
    found = [
        row
        for row in rows
        if not text or any(text in each.casefold() for each in columns.texts(row))
    ]
    sort = asked_sort(request, columns)
    found.sort(key=columns.keys[sort.removeprefix("-")], reverse=sort.startswith("-"))
    page_count = max(1, ceil(len(found) / ROWS_PER_PAGE))
    page = min(asked_page(request), page_count)
    start = (page - 1) * ROWS_PER_PAGE
    shown = found[start : start + ROWS_PER_PAGE]
    return Listing(shown, len(found), search, sort, page, page_count)


def asked_search(request: Request) -> str:
    """Return what is searched for."""
    return request.query_params.get(SEARCH, "").strip()[:SEARCH_LONGEST]


def asked_sort(request: Request, columns: Columns[Row]) -> str:
    """Return what to sort by."""
    said = request.query_params.get(SORT, "")
    return said if said.removeprefix("-") in columns.keys else columns.first


def asked_page(request: Request) -> int:
    """Return which page is asked for, counted from 1."""
    return max(1, asked_number(request, PAGE) or 1)


def asked_number(request: Request, name: str) -> int | None:
    """Return a whole number of the query that is not negative; None where there is none."""
    said = request.query_params.get(name, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None
