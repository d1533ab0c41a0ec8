"""Reads pages as people and their tools do: words, references, and whether tags close."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "img", "br", "input", "hr"})


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page, with the values that its fields begin with."""

    method: str
    action: str
    fields: dict[str, str]


class ReadPage(HTMLParser):
    """A page's words, what it refers to, and its attributes; tags that do not match fail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.text: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.open: list[str] = []
        self.forms: list[Form] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        known = dict(attrs)
        if tag == "form":
            self.forms.append(Form(known.get("method") or "get", known.get("action") or "", {}))
        elif known.get("type") == "checkbox" and "checked" not in known:
            pass
        elif tag in ("input", "button") and self.forms and known.get("name"):
            self.forms[-1].fields.setdefault(known["name"] or "", known.get("value") or "")
        if tag != "form" or known.get("method") != "post":
            named = ("href", "src", "action", "stream", "poll")
            self.references += [value for name, value in attrs if name in named and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data.strip())

    def posted_to(self, path: str) -> Form:
        """The form that is posted to this path."""
        return next(form for form in self.forms if (form.method, form.action) == ("post", path))

    @property
    def words(self) -> str:
        return re.sub(r"[ \n]+", " ", " ".join(filter(None, self.text)))

    @property
    def inline(self) -> list[str]:
        """What a strict content security policy would not run or show."""
        return [name for _, name, _ in self.attributes if name == "style" or name.startswith("on")]
