"""`ranvier balancer check`: the mistakes of a workers.properties, by line; no node is asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ranvier.balancer.check_workers import check_workers
from ranvier.balancer.finding import Finding
from ranvier.balancer.node_list import BalancedNode, read_nodes
from ranvier.balancer.workers_text import FILE_BYTES
from ranvier.config.errors import InvalidValue
from ranvier.node.errors import FileUnreadable
from ranvier.node.option_values import split_options
from ranvier.node.output_option import split_output
from ranvier.node.told_errors import told_errors

HELP: Final = """Usage: ranvier balancer check FILE [--nodes FILE] [-o txt|json]

Names the mistakes of a workers.properties of mod_jk or isapi_redirect, each with its line. With a
node list, as `ranvier cluster -o json` prints it, the file is compared with the nodes, too.
A FILE of - is standard input. Exit 0: no mistake; 1: there are some, or a file cannot be read.
"""
NODES: Final = "--nodes"
NODES_BYTES: Final = 4 * 1024 * 1024
STANDARD_INPUT: Final = "-"


@told_errors
def main(arguments: Sequence[str]) -> int:
    """Print the findings; return 0 when there are none."""
    if "--help" in arguments:
        sys.stdout.write(HELP)
        return 0
    output, rest = split_output(arguments)
    options, files = split_options(rest, [NODES])
    if len(files) != 1 or (files[0].startswith("-") and files[0] != STANDARD_INPUT):
        raise InvalidValue("Give one FILE: ranvier balancer check FILE.", wrong_usage=True)
    (file,) = files
    nodes = _nodes_in(options[NODES]) if NODES in options else ()
    findings = check_workers(_read(file, FILE_BYTES + 1), nodes)
    told = as_json(findings) if output == "json" else as_text(file, findings)
    sys.stdout.write(told.encode("ascii", "backslashreplace").decode())
    return 1 if findings else 0


def as_text(file: str, findings: Sequence[Finding]) -> str:
    """Return a line for each finding, or one that there is none."""
    if not findings:
        return f"{file} has no mistake.\n"
    return "".join(f"{file}:{each.line}: {each.message} [{each.code}]\n" for each in findings)


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings as an array of objects."""
    found = [{"line": each.line, "code": each.code, "message": each.message} for each in findings]
    return json.dumps(found, indent=2) + "\n"


def _read(file: str, bytes_max: int) -> bytes:
    try:
        if file == STANDARD_INPUT:
            return sys.stdin.buffer.read(bytes_max)
        with Path(file).open("rb") as opened:
            return opened.read(bytes_max)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise FileUnreadable(file, str(reason)) from error


def _nodes_in(file: str) -> Sequence[BalancedNode]:
    data = _read(file, NODES_BYTES)
    try:
        listed = json.loads(data)
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise FileUnreadable(file, "it holds no node list as `ranvier cluster -o json` prints")
    return read_nodes(listed)
