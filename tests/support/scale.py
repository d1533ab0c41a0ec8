"""How long a proof runs: scaled down in the suite, in full by `make soak`."""

from __future__ import annotations

import os


def scaled(full: int, *, suite: int) -> int:
    """Return how often to repeat a proof; the suite's factor is printed."""
    if os.environ.get("RANVIER_SOAK"):
        return full
    if suite < full:
        print(f"scaled down: {suite} of {full} rounds (factor {suite / full:.3g})")
    return suite
