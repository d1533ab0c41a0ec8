"""The root of every error that Ranvier tells its users.

    RanvierError
    ├── events.errors      what an event store refuses
    ├── storage.errors     what a database could not do
    ├── config.errors      what a setting may not say
    └── …                  one module `errors` per package

Each class carries a stable code. Where Axon's clients know one (`AXONIQ-nnnn`) it is that; ours
start with `RANVIER-`.
"""

from __future__ import annotations

from typing import ClassVar


class RanvierError(Exception):
    """Something was refused or failed; the message is one sentence that names the remedy."""

    code: ClassVar[str] = "AXONIQ-0001"
    retry_may_help: ClassVar[bool] = False
