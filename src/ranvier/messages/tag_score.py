"""Which handlers suit a message best, by the tags of their clients and the message's metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ranvier.messages.subscriptions import Subscription


def best_by_tags(
    candidates: tuple[Subscription, ...], metadata: Callable[[], Mapping[str, str]]
) -> tuple[Subscription, ...]:
    """Return the candidates with the best score, in their order.

    A client's tag counts +1 if the metadata says the same, -1 if it says otherwise, and nothing if
    it does not speak of it. The same object comes back where all score alike. `metadata`, costly
    to read, is asked for only where a client has tags.
    """
    if not any(candidate.handler.tags for candidate in candidates):
        return candidates
    found = metadata()
    scores = [score(candidate.handler.tags, found) for candidate in candidates]
    best = max(scores)
    if min(scores) == best:
        return candidates
    return tuple(each for each, own in zip(candidates, scores, strict=True) if own == best)


def score(tags: Mapping[str, str], metadata: Mapping[str, str]) -> int:
    """Return how well a client's tags fit a message's metadata."""
    total = 0
    for name, value in tags.items():
        said = metadata.get(name)
        if said is not None:
            total += 1 if said == value else -1
    return total
