"""A browser without a screen: it keeps cookies, reads forms, fills them in and posts them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin

import httpx2

COOKIE = "JSESSIONID"
WAIT_SECONDS = 30.0


@dataclass(slots=True)
class Form:
    """A form of a page that is posted: where it goes, and what its fields hold."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """What a visitor sees, and which node it came from as the cookie says."""

    status: int
    path: str
    text: str
    forms: tuple[Form, ...]

    def form(self, action: str) -> Form:
        """Return the form that goes to a path; raise `LookupError` where there is none."""
        for form in self.forms:
            if form.action == action:
                return form
        raise LookupError(f"{self.path} ({self.status}) has no form for {action}: {self.text}")


class Visitor:
    """One person at the pages; the cookies are those of one browser."""

    def __init__(self, address: str, source: str | None = None) -> None:
        """`source` is the address of loopback that the visitor comes from."""
        self._client = httpx2.Client(
            base_url=address,
            follow_redirects=True,
            timeout=WAIT_SECONDS,
            transport=httpx2.HTTPTransport(local_address=source),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def route(self) -> str:
        """The route of the node that the session is at: what stands behind the cookie's dot."""
        return self.cookie.partition(".")[2]

    @property
    def session(self) -> str:
        """The part of the cookie that stays the same wherever the session is."""
        return self.cookie.partition(".")[0]

    @property
    def cookie(self) -> str:
        """The whole cookie; empty before the first page."""
        jar = self._client.cookies.jar
        return next((each.value or "" for each in jar if each.name == COOKIE), "")

    @property
    def has_secure_cookie(self) -> bool:
        """Whether the cookie is for HTTPS only."""
        return any(each.secure for each in self._client.cookies.jar if each.name == COOKIE)

    def see(self, path: str, headers: Mapping[str, str] | None = None) -> Page:
        """Open a page."""
        return page_of(self._client.get(path, headers=headers))

    def post(self, path: str, fields: Mapping[str, str]) -> Page:
        """Send a form as it is."""
        return page_of(self._client.post(path, data=dict(fields)))

    def post_or_nothing(self, path: str, fields: Mapping[str, str]) -> Page | None:
        """Send a form; return nothing where the connection was lost."""
        try:
            return self.post(path, fields)
        except httpx2.TransportError:
            return None

    def forget(self) -> None:
        """Throw all cookies away."""
        self._client.cookies.clear()

    def fill(self, page: Page, action: str, **values: str) -> Page:
        """Fill the form of a page that goes to a path, and send it with all it holds."""
        return self.post(action, {**page.form(action).fields, **values})

    def sign_in(self, name: str, password: str) -> Page:
        """Sign in at the page for that."""
        return self.fill(self.see("/sign-in"), "/sign-in", name=name, password=password)


def page_of(response: httpx2.Response) -> Page:
    """Read a response as a page."""
    reader = FormReader(str(response.url))
    if "html" in response.headers.get("content-type", ""):
        reader.feed(response.text)
    return Page(response.status_code, response.url.path, response.text, tuple(reader.forms))


class FormReader(HTMLParser):
    """Collects the forms of a page that are posted, with what their fields hold."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._address = address
        self._text_area = ""
        self._is_in_form = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take notice of a form or a field."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            target = urljoin(self._address, values.get("action", ""))
            self._is_in_form = values.get("method", "").lower() == "post"
            if self._is_in_form:
                self.forms.append(Form(httpx2.URL(target).path))
        elif self._is_in_form:
            self._take_field(tag, values)

    def handle_endtag(self, tag: str) -> None:
        """Take notice of an end."""
        if tag == "form":
            self._is_in_form = False
        elif tag == "textarea":
            self._text_area = ""

    def handle_data(self, data: str) -> None:
        """Take the text of a text area for its value."""
        if self._text_area:
            self.forms[-1].fields[self._text_area] += data

    def _take_field(self, tag: str, values: dict[str, str]) -> None:
        name, form = values.get("name", ""), self.forms[-1]
        if not name:
            return
        kind = values.get("type", "text")
        if tag == "textarea":
            self._text_area = name
            form.fields[name] = ""
        elif tag == "button" or (tag == "input" and kind == "submit"):
            form.buttons.append((name, values.get("value", "")))
        elif tag == "input" and (kind not in {"checkbox", "radio"} or "checked" in values):
            form.fields[name] = values.get("value", "")
