"""A workers.properties as mod_jk reads it: lines `key=value`, comments from `#`, `$(variables)`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ranvier.balancer.finding import Finding, nearest, shown

FILE_BYTES: Final = 1024 * 1024
"""A thousand nodes need a quarter of it."""
LINE_LENGTH: Final = 8_190
"""mod_jk reads lines into a buffer of this length and takes the rest for the next line."""

_EXAMPLE: Final = "a workers.properties has lines like worker.NAME.host=HOST"
_VARIABLE: Final = re.compile(r"\$\(([^()]*)\)")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of a file, its variables replaced as far as the file says what they are."""

    line: int
    key: str
    value: str

    @property
    def is_open(self) -> bool:
        """Whether part of the value comes from the environment, which nobody knows here."""
        return _VARIABLE.search(self.value) is not None


@dataclass(frozen=True, slots=True)
class WorkersText:
    """What a file says, and what is no sentence of its language."""

    settings: tuple[Setting, ...]
    findings: tuple[Finding, ...]


def read_workers_text(data: bytes) -> WorkersText:
    """Read a file; one of another world has no settings and one finding that says so."""
    strange = _of_another_world(data)
    if strange:
        return WorkersText((), (Finding(1, "no-workers-file", f"{strange}; {_EXAMPLE}."),))
    lines = _lines_of(data)
    findings = [finding for at, raw in lines for finding in _line_findings(at, raw)]
    raw_settings = [
        each for at, raw in lines if (each := _setting_of(at, _decoded(raw).lstrip("\ufeff")))
    ]
    if not any(each.key.startswith("worker.") for each in raw_settings):
        message = f"No line sets anything of a worker; {_EXAMPLE}."
        return WorkersText((), (Finding(1, "no-workers-file", message),))
    settings = tuple(_with_variables(raw_settings))
    findings += _variable_findings(settings)
    return WorkersText(settings, tuple(findings))


def _of_another_world(data: bytes) -> str:
    if len(data) > FILE_BYTES:
        return f"This file has more than {FILE_BYTES} bytes"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "This file is in UTF-16; save it in UTF-8"
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        return "This file is empty"
    if start.startswith(b"<"):
        return "This file is XML or HTML"
    if b"\x00" in data or data.startswith((b"\x7fELF", b"PK\x03\x04", b"\x1f\x8b")):
        return "This file is binary"
    return ""


def _lines_of(data: bytes) -> list[tuple[int, bytes]]:
    return list(enumerate(re.split(rb"\r\n|\n|\r", data), 1))


def _decoded(raw: bytes) -> str:
    """Return a line as text; what is no UTF-8 is taken for Latin-1, where all bytes are letters."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _line_findings(at: int, raw: bytes) -> Iterator[Finding]:
    text = _decoded(raw)
    said = _without_comment(text)
    if len(raw) > LINE_LENGTH:
        message = f"The line has {len(raw)} bytes; mod_jk breaks lines after {LINE_LENGTH}."
        yield Finding(at, "long-line", message)
    if text.startswith("\ufeff"):
        message = (
            "The file begins with a byte order mark, which spoils the first line; save it without."
        )
        yield Finding(at, "encoding", message)
        said = said.lstrip("\ufeff")
    elif not said.isascii():
        message = f"Only ASCII can stand outside of comments, not {shown(said.strip())}."
        yield Finding(at, "encoding", message)
    if _CONTROL.search(said):
        yield Finding(at, "encoding", "The line holds control characters; remove them.")
    if said.strip() and "=" not in said:
        message = (
            f"The line {shown(said.strip())} sets nothing; write KEY=VALUE, or # before a remark."
        )
        yield Finding(at, "no-setting", message)


def _without_comment(text: str) -> str:
    """Return what stands before a `#` that has no backslash before it."""
    return re.split(r"(?<!\\)#", text, maxsplit=1)[0]


def _setting_of(at: int, text: str) -> Setting | None:
    key, equals, value = _without_comment(text).partition("=")
    return Setting(at, key.strip(), value.strip()) if equals else None


def _with_variables(settings: list[Setting]) -> Iterator[Setting]:
    """Yield settings with the variables that lines above have set."""
    known: dict[str, str] = {}
    for each in settings:
        value = _VARIABLE.sub(lambda found: known.get(found[1], found[0])[:LINE_LENGTH], each.value)
        # Variables of variables could grow without end.
        value = value[:LINE_LENGTH]
        known[each.key] = value
        yield Setting(each.line, each.key, value)


def _variable_findings(settings: tuple[Setting, ...]) -> Iterator[Finding]:
    set_at: dict[str, int] = {}
    for each in settings:
        set_at.setdefault(each.key, each.line)
    for each in settings:
        for name in _VARIABLE.findall(each.value):
            if set_at.get(name, 0) >= each.line:
                at = set_at[name]
                message = f"The variable {shown(name)} is set in line {at} only; move it up."
                yield Finding(each.line, "late-variable", message)
        if "$(" in _VARIABLE.sub("", each.value):
            message = f"The variable in {shown(each.value)} has no end; write $(NAME)."
            yield Finding(each.line, "open-variable", message)
        yield from _outside_findings(each)


def _outside_findings(setting: Setting) -> Iterator[Finding]:
    """Yield what begins almost like a setting of a worker; any other key is a variable."""
    start = setting.key.partition(".")[0]
    if setting.key in _OLD:
        message = f"{setting.key} has had no meaning since mod_jk 1.2.9; remove the line."
        yield Finding(setting.line, "deprecated", message)
    elif start != "worker" and "." in setting.key and nearest(start, ["worker"]) != ".":
        message = f"{shown(setting.key)} sets nothing of a worker; keys begin with worker."
        yield Finding(setting.line, "unknown-directive", message)


_OLD: Final = frozenset({"workers.tomcat_home", "workers.java_home", "workers.apache_log"})
