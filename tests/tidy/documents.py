"""What the documents point at: files, headings and commands that must exist."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator

from tests.tidy.repository import File, Finding

_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_REFERENCE = re.compile(r"^\s*\[[^\]]+\]:\s*<?(\S+?)>?\s*$")
_IMAGE = re.compile(r"<(?:img|a|source)\b[^>]*?\b(?:src|href|srcset)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_ELSEWHERE = re.compile(r"^([a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)

# A command in running text stands in backquotes, one in a block at the beginning of its line.
_COMMAND = re.compile(r"(?:`|^\s*(?:\$ )?)make ([a-z][\w-]*)")
_TARGET = re.compile(r"^([a-z][\w-]*):(?!=)(.*)$")


def link_findings(documents: Iterable[File], paths: Collection[str]) -> Iterator[Finding]:
    """Yield links to files, folders and headings of ours that are not there."""
    folders = {folder for path in paths for folder in _folders_of(path)}
    by_path = {file.path: file for file in documents}
    for file in by_path.values():
        for number, target in _links_of(file):
            path, _, heading = target.partition("#")
            at = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), path))
            at = at if path else file.path
            if at not in paths and at not in folders:
                yield Finding(file.path, number, f"links to {target}, which is not there")
            elif heading and at in by_path and heading not in headings_of(by_path[at]):
                yield Finding(file.path, number, f"links to {target}, a heading that is not there")


def headings_of(file: File) -> set[str]:
    """Return the names by which a document's headings are linked."""
    names: set[str] = set()
    for _, line in _prose_of(file):
        heading = _HEADING.match(line)
        if heading:
            words = re.sub(r"[^\w\- ]", "", heading.group(1).lower())
            names.add(words.strip().replace(" ", "-"))
    return names


def _links_of(file: File) -> Iterator[tuple[int, str]]:
    for number, line in _prose_of(file):
        plain = re.sub(r"`[^`]*`", "", line)
        targets = _LINK.findall(plain) + _REFERENCE.findall(plain) + _IMAGE.findall(plain)
        yield from ((number, each) for each in targets if not _ELSEWHERE.match(each))


def _prose_of(file: File) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines outside of code blocks."""
    in_code = False
    for number, line in enumerate(file.text.splitlines(), start=1):
        if _FENCE.match(line):
            in_code = not in_code
        elif not in_code:
            yield number, line


def _folders_of(path: str) -> Iterator[str]:
    while path := posixpath.dirname(path):
        yield path
    yield "."


def command_findings(documents: Iterable[File], targets: Collection[str]) -> Iterator[Finding]:
    """Yield `make` commands in documents that the Makefile does not know."""
    for file in documents:
        for number, line in enumerate(file.text.splitlines(), start=1):
            for name in _COMMAND.findall(line):
                if name not in targets:
                    yield Finding(file.path, number, f"names 'make {name}', which is no target")


def targets_of(makefile: str) -> dict[str, str]:
    """Return the targets of a Makefile with their line of help, empty where there is none."""
    lines = [_TARGET.match(line) for line in makefile.splitlines()]
    found = [(match.group(1), match.group(2)) for match in lines if match]
    return {name: rest.partition("## ")[2].strip() for name, rest in found}
