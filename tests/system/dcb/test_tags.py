"""The tags of stored events, over gRPC."""

from __future__ import annotations

import grpc
import pytest

from tests.support.dcb_client import DcbClient, criterion, tag, tagged
from tests.support.live_call import refused


def test_tags_change_what_later_criteria_match(client: DcbClient) -> None:
    client.append(tagged("Opened", "seat=1"), tagged("Opened"))
    client.add_tags(1, "seat=1", "vip=yes")
    client.add_tags(1, "seat=1")
    assert client.tags(1) == ["seat=1", "vip=yes"]
    assert [sequence for sequence, _ in client.source(criterion("seat=1"))[0]] == [0, 1]
    client.remove_tags(0, "seat=1", "no=such")
    assert client.tags(0) == []
    assert [sequence for sequence, _ in client.source(criterion("seat=1"))[0]] == [1]


def test_a_condition_is_judged_by_the_tags_that_are(client: DcbClient) -> None:
    client.append(tagged("Opened"))
    client.add_tags(0, "seat=1")
    refusal = refused(lambda: client.append_if(0, [criterion("seat=1")], tagged("Taken")))
    assert refusal.text.endswith("Consistency condition is not met.")
    client.remove_tags(0, "seat=1")
    assert client.append_if(0, [criterion("seat=1")], tagged("Taken")).consistency_marker == 2


def test_ranvier_no_such_event(client: DcbClient) -> None:
    client.append(tagged("Opened"))
    for sequence in (-1, 1, 2**63 - 1):
        for call in (
            lambda sequence=sequence: client.add_tags(sequence, "a=b"),
            lambda sequence=sequence: client.remove_tags(sequence, "a=b"),
            lambda sequence=sequence: client.tags(sequence),
        ):
            refusal = refused(call)
            assert refusal.status is grpc.StatusCode.NOT_FOUND
            assert refusal.axon_code == "RANVIER-NO-SUCH-EVENT"


@pytest.mark.parametrize("text", ["k" * 256 + "=", "=" + "v" * 256])
def test_ranvier_invalid_event_for_a_tag_that_is_too_long(client: DcbClient, text: str) -> None:
    assert len(tag(text).key + tag(text).value) == 256
    client.append(tagged("Opened"))
    for call in (
        lambda: client.add_tags(0, text),
        lambda: client.append(tagged("Opened", text)),
        lambda: client.source(criterion(text)),
        lambda: client.append_if(0, [criterion(text)], tagged("Opened")),
    ):
        refusal = refused(call)
        assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
        assert refusal.axon_code == "RANVIER-INVALID-EVENT"
    assert client.head() == 1
