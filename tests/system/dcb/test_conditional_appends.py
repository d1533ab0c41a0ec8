"""A thousand conditional appends from sixteen threads agree with what is read back."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import grpc

from tests.support.dcb_client import DcbClient, criterion, tagged

APPENDS = 1_000
THREADS = 16
SEATS = 8


@dataclass(frozen=True)
class Attempt:
    """One append, the marker it was decided on, and where it was put; None: refused."""

    seat: str
    name: str
    marker: int
    first: int | None
    head_after: int


def attempt(client: DcbClient, number: int) -> Attempt:
    seat = f"seat={random.randrange(SEATS)}"
    _, marker = client.source(criterion(seat))
    first: int | None = None
    refusal = ""
    try:
        answer = client.append_if(marker, [criterion(seat)], tagged(f"E{number}", seat))
        first = answer.sequence_of_the_first_event
        assert answer.consistency_marker == first + 1
    except grpc.RpcError as error:
        refusal = str(error.details())
    assert first is not None or refusal.endswith("Consistency condition is not met.")
    return Attempt(seat, f"E{number}", marker, first, client.head())


def test_what_was_acknowledged_is_what_is_read_back(client: DcbClient) -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        attempts = list(threads.map(lambda number: attempt(client, number), range(APPENDS)))
    accepted = {one.first: one for one in attempts if one.first is not None}
    found, marker = client.source()
    assert found == [(first, accepted[first].name) for first in sorted(accepted)]
    assert marker == len(found)
    assert 0 < len(accepted) < APPENDS
    places: dict[str, list[int]] = {}
    for first, one in accepted.items():
        places.setdefault(one.seat, []).append(first)
    for one in attempts:
        others = [place for place in places[one.seat] if place != one.first]
        end = one.head_after if one.first is None else one.first
        conflicts = [place for place in others if one.marker <= place < end]
        # Accepted: nothing came between marker and place. Refused: something had come.
        assert bool(conflicts) is (one.first is None)
