"""Append keys are removed once nobody can ask for them any more.

The ids of appends bear the time of the node that made them, and the clocks of nodes may be hours
apart: by that time a key could go while another node still looks its append up. What all nodes
agree on is the order of tokens, so a key is old when its context had come beyond its token a while
ago, by a clock of this node that nobody sets.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence

from ranvier.events.append import Accepted, Outcome
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "events")


class KeySweeping:
    """Counts the keys that come, and removes old ones when there are enough."""

    def __init__(self, tools: DatabaseTools, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds that never go back."""
        self._tools = tools
        self._clock = clock
        self._new_keys: defaultdict[int, int] = defaultdict(int)
        self._reached: defaultdict[int, deque[tuple[float, int]]] = defaultdict(deque)
        """When each context had come to which token: one entry for each sweep."""

    def stored(self, context_id: int, outcomes: Sequence[Outcome]) -> None:
        """Be told what became of a batch of a context."""
        tokens = [each.first_token for each in outcomes if isinstance(each, Accepted)]
        self._new_keys[context_id] += len(tokens)
        per_sweep = self._tools.options.append_keys_per_sweep
        if self._new_keys[context_id] < per_sweep or not self._tools.under_way.is_open:
            return
        self._new_keys[context_id] = 0
        old_below = self._token_of_long_ago(context_id, max(tokens))
        if old_below is not None:
            self._tools.under_way.begin(
                self._tools.writers.ask(
                    _SQL["forget_append_keys"], context_id, old_below, 2 * per_sweep
                )
            )

    def _token_of_long_ago(self, context_id: int, token: int) -> int | None:
        """Note where a context is now; return where it was when the keys that are old now came."""
        now = self._clock()
        long_ago = now - self._tools.options.append_key_seconds
        reached = self._reached[context_id]
        reached.append((now, token))
        while len(reached) > 1 and reached[1][0] <= long_ago:
            reached.popleft()
        at, old_below = reached[0]
        return old_below if at <= long_ago else None
