"""The content of an event as people can read it: JSON in lines, other text as it is, or bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

TEXT_BYTES: Final = 256 * 1024
"""Shown of a text: a browser still scrolls it."""

RAW_BYTES: Final = 4 * 1024
"""Shown of what is no text."""

BYTES_PER_LINE: Final = 16

PLAIN_WHITESPACE: Final = b"\t\n\r"


@dataclass(frozen=True, slots=True)
class PayloadView:
    """What a payload looks like; `form` says what was found, in a word."""

    form: str
    text: str
    byte_count: int
    is_cut: bool = False


def payload_view(data: bytes) -> PayloadView:
    """Return how a payload is shown, by what it is and not by what its type claims."""
    if not data:
        return PayloadView("empty", "", 0)
    text = text_of(data)
    if text is None:
        shown = data[:RAW_BYTES]
        return PayloadView("bytes", hex_lines(shown), len(data), len(shown) < len(data))
    formatted = formatted_json(data)
    if formatted is not None:
        return PayloadView("JSON", formatted, len(data))
    form = "XML" if text.lstrip("\ufeff \t\r\n").startswith("<") else "text"
    is_cut = len(data) > TEXT_BYTES
    return PayloadView(form, text[:TEXT_BYTES] if is_cut else text, len(data), is_cut)


def text_of(data: bytes) -> str | None:
    """Return bytes as text; None where they are no UTF-8, or hold NUL and the like."""
    if any(byte < 0x20 and byte not in PLAIN_WHITESPACE for byte in data[:RAW_BYTES]):
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def formatted_json(data: bytes) -> str | None:
    """Return JSON with its lines and its numbers as they came; None where it is none, or long."""
    if len(data) > TEXT_BYTES or data.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        # Before it is formatted: that looks at signs alone.
        msgspec.json.decode(data)
        return msgspec.json.format(data, indent=2).decode()
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def hex_lines(data: bytes) -> str:
    """Return bytes as lines: the place of the first, sixteen of them, and what they are as text."""
    return "\n".join(
        [
            f"{start:08x}  {line.hex(' '):<47}  {printable(line)}"
            for start in range(0, len(data), BYTES_PER_LINE)
            for line in (data[start : start + BYTES_PER_LINE],)
        ]
    )


def printable(data: bytes) -> str:
    """Return bytes as ASCII, with a dot for each that has no sign."""
    return "".join([chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in data])
