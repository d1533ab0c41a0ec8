"""Forms of pages, filled in and sent as a browser does."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx2


class Forms(HTMLParser):
    """The forms of a page: where each goes, and its hidden fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "form" and said.get("method") == "post":
            self.found.append((said.get("action") or "", {}))
        elif tag == "input" and said.get("type") == "hidden" and self.found:
            self.found[-1][1][said.get("name") or ""] = said.get("value") or ""


def hidden_fields(html: str, action: str, number: int = 0) -> dict[str, str]:
    """Return the hidden fields of a form that goes there; of several the one of that number."""
    return [fields for where, fields in Forms(html).found if where == action][number]


async def send(
    client: httpx2.AsyncClient, path: str, action: str = "", **fields: str
) -> httpx2.Response:
    """Open a page, fill in its form and send it."""
    page = await client.get(path)
    filled = {**hidden_fields(page.text, action or path), **fields}
    return await client.post(action or path, data=filled)
