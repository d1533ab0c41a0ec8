"""What a check of the database has found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what, whether it is as it should be, and the detail."""

    subject: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Everything that was looked at, in order."""

    findings: tuple[Finding, ...]
    fail_over: Finding | None = None
    """Whether losing the server would lose nothing; None where there is nothing to fail over to."""

    hosts: tuple[Finding, ...] = ()
    """Each host of an address with several: which is the primary, which are standbys or silent."""

    @property
    def passed(self) -> bool:
        """Whether nothing was found amiss."""
        return all(finding.passed for finding in self.findings)
