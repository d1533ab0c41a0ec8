"""`ranvier database check`: looks for damage in a database and changes nothing of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ranvier.config.errors import ConfigError
from ranvier.config.flags import read_flags
from ranvier.errors import RanvierError
from ranvier.node.command_start import load
from ranvier.node.errors import DatabaseMissing
from ranvier.node.output_option import split_output
from ranvier.node.system_refusal import system_refusal
from ranvier.storage.check_report import CheckReport
from ranvier.storage.sqlite.check import check_directory
from ranvier.storage.sqlite.connections import database_path

HELP = """Usage: ranvier database check [-o txt|json] [--data DIRECTORY] [--config FILE]

Looks for damage in the node's database: pages, tokens, sequence numbers, migrations. It changes
nothing, and the node may run meanwhile. Exit 0: nothing amiss; 1: something is, or there is none.
"""


def main(arguments: Sequence[str]) -> int:
    """Check and print the report; return 0 when all is well."""
    try:
        output, rest = split_output(arguments)
        flags = read_flags(rest)
        if flags.wants_help:
            sys.stdout.write(HELP)
            return 0
        report = check(load(flags).settings.database_directory)
    except RanvierError as error:
        sys.stderr.write(f"ranvier: {error}\n")
        return error.exit_code if isinstance(error, ConfigError) else 1
    except OSError as error:
        sys.stderr.write(f"ranvier: {system_refusal(error)}\n")
        return 1
    sys.stdout.write(as_json(report) if output == "json" else as_text(report))
    return 0 if report.passed else 1


def check(directory: Path) -> CheckReport:
    """Look at everything; raise `DatabaseMissing` where no node has ever stored anything."""
    path = database_path(directory)
    if not path.is_file():
        raise DatabaseMissing(path)
    return check_directory(directory)


def as_text(report: CheckReport) -> str:
    """Return a line for each finding and one for the whole."""
    lines = [
        f"{'ok  ' if each.passed else 'FAIL'} {each.subject}: {each.detail}"
        for each in report.findings
    ]
    verdict = "Nothing is amiss." if report.passed else "Something is amiss; restore a back-up."
    return "".join(f"{line}\n" for line in [*lines, verdict])


def as_json(report: CheckReport) -> str:
    """Return the report as one object."""
    findings = [
        {"subject": each.subject, "passed": each.passed, "detail": each.detail}
        for each in report.findings
    ]
    return json.dumps({"passed": report.passed, "findings": findings}, indent=2) + "\n"
