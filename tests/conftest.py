"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# A machine that does other work beside the suite may be slow without anything being wrong; each
# test has its own time-out. What fails prints how to make it fail again.
settings.register_profile("ranvier", deadline=None, print_blob=True)
settings.load_profile("ranvier")
