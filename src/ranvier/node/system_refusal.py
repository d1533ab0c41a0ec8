"""What the system refused, in one sentence for the operator."""

from __future__ import annotations


def system_refusal(error: OSError) -> str:
    """Return the reason and, where the system names one, the file: `Permission denied: /data.`."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{reason}: {error.filename}." if error.filename else f"{reason}."
