"""The topology and those who watch it."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from ranvier.services.topology import Registration, Topology, TopologyChange

ONE = Registration("command", "default", "Buy", "client", "stream", "orders")


def test_registrations_come_and_go_and_are_told_once() -> None:
    topology, seen = Topology(), list[TopologyChange]()
    topology.watch("default", seen.append)
    topology.added(ONE)
    topology.added(ONE)
    assert topology.registrations() == topology.registrations("default") == [ONE]
    assert topology.registrations("other") == []
    topology.removed(ONE)
    topology.removed(ONE)
    assert topology.registrations() == []
    assert [(each.registration, each.is_added) for each in seen] == [(ONE, True), (ONE, False)]


def test_new_particulars_replace_the_old_and_go_by_the_same_key() -> None:
    topology, seen = Topology(), list[TopologyChange]()
    topology.watch("default", seen.append)
    heavier = replace(ONE, load_factor=200)
    topology.added(ONE)
    topology.added(heavier)
    assert topology.registrations() == [heavier]
    topology.removed(ONE)
    assert [each.registration for each in seen] == [ONE, heavier, heavier]


def test_a_watcher_hears_of_its_context_until_it_cancels() -> None:
    topology, seen = Topology(), list[TopologyChange]()
    cancel = topology.watch("default", seen.append)
    topology.added(replace(ONE, context="other"))
    assert seen == []
    cancel()
    cancel()
    topology.added(ONE)
    assert seen == []


def test_a_watcher_that_fails_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    topology, seen = Topology(), list[TopologyChange]()

    def fail(_: TopologyChange) -> None:
        raise ValueError("mine alone")

    topology.watch("default", fail)
    topology.watch("default", seen.append)
    with caplog.at_level(logging.ERROR):
        topology.added(ONE)
    assert len(seen) == 1
    assert "observer" in caplog.text
