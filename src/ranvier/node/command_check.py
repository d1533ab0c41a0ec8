"""`ranvier database check`: looks for damage in a database and changes nothing of it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence

from ranvier.config.flags import read_flags
from ranvier.config.settings import Settings
from ranvier.node.command_start import load
from ranvier.node.errors import DatabaseMissing
from ranvier.node.output_option import split_output
from ranvier.node.told_errors import told_errors
from ranvier.storage.check_report import CheckReport, Finding
from ranvier.storage.postgres.check import check_address
from ranvier.storage.sqlite.check import check_directory
from ranvier.storage.sqlite.connections import database_path

HELP = """Usage: ranvier database check [--fail-over] [-o txt|json] [--database ADDRESS]
                              [--data DIRECTORY] [--config FILE]

Looks for damage in a database: pages, tokens, sequence numbers, migrations. It changes nothing, and
nodes may run meanwhile. Of a PostgreSQL it says first whether a fail-over would lose nothing, and
of each host, where the address names several, whether it is the primary, a standby or unreachable.
Exit 0: nothing amiss; 1: something is, or there is none; with --fail-over also where a fail-over is
not safe.
"""

FAIL_OVER = "--fail-over"


@told_errors
def main(arguments: Sequence[str]) -> int:
    """Check and print the report; return 0 when all is well."""
    output, rest = split_output(arguments)
    flags = read_flags([word for word in rest if word != FAIL_OVER])
    if flags.wants_help:
        sys.stdout.write(HELP)
        return 0
    report = check(load(flags).settings)
    sys.stdout.write(
        as_json(report) if output == "json" else as_text(report, must_be_safe=FAIL_OVER in rest)
    )
    return 0 if report.passed and (is_safe(report) or FAIL_OVER not in rest) else 1


def check(settings: Settings) -> CheckReport:
    """Look at everything; raise `DatabaseMissing` where no node has ever stored anything."""
    dsn = settings.database.dsn
    if dsn is not None:
        return asyncio.run(check_address(dsn.reveal()))
    path = database_path(settings.database_directory)
    if not path.is_file():
        raise DatabaseMissing(path)
    return check_directory(settings.database_directory)


def is_safe(report: CheckReport) -> bool:
    """Tell whether a fail-over would lose nothing; an embedded database has nowhere to go."""
    return report.fail_over is not None and report.fail_over.passed


def as_text(report: CheckReport, *, must_be_safe: bool = False) -> str:
    """Return whether a fail-over would be safe, a line for each finding and one for the whole."""
    lines = [
        f"{'ok  ' if each.passed else 'FAIL'} {each.subject}: {each.detail}"
        for each in report.findings
    ]
    for place, one in enumerate(report.hosts):
        lines.insert(place, f"{'ok  ' if one.passed else 'note'} {one.subject}: {one.detail}")
    safety = report.fail_over
    if safety is not None:
        mark = "ok  " if safety.passed else "FAIL" if must_be_safe else "note"
        name = "fail-over-safe" if safety.passed else "not fail-over-safe"
        lines.insert(0, f"{mark} {name}: {safety.detail}")
    verdict = "Nothing is amiss." if report.passed else "Something is amiss; see FAIL above."
    if must_be_safe and report.passed and not is_safe(report):
        verdict = "Nothing is amiss, but a fail-over is not safe."
    return "".join(f"{line}\n" for line in [*lines, verdict])


def as_json(report: CheckReport) -> str:
    """Return the report as one object; `failOver` is null for an embedded database."""
    found = {"passed": report.passed, "findings": list(map(shown, report.findings))}
    safety = report.fail_over
    fail_over = None if safety is None else {"safe": safety.passed, "detail": safety.detail}
    hosts = [
        {"host": one.subject.removeprefix("host "), "reached": one.passed, "detail": one.detail}
        for one in report.hosts
    ]
    return json.dumps({**found, "failOver": fail_over, "hosts": hosts}, indent=2) + "\n"


def shown(finding: Finding) -> dict[str, str | bool]:
    """Return one finding as an object."""
    return {"subject": finding.subject, "passed": finding.passed, "detail": finding.detail}
