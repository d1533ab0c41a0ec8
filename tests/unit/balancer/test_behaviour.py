"""What balancers are told fits what nodes do."""

from __future__ import annotations

import pytest

from ranvier.balancer.behaviour import BODY_BYTES, IDLE_SECONDS, PAGE_PATHS, PAGE_SILENCE_SECONDS
from ranvier.balancer.node_list import ROUTE, WEIGHT_MAX
from ranvier.config.route import ROUTE_PATTERN
from ranvier.config.settings import KEYS
from ranvier.web.cockpit.live import POLL_SECONDS
from ranvier.web.http_limits import HttpLimits
from ranvier.web.page_sessions import PAGE_PREFIXES
from ranvier.web.request_bodies import BodyLimits


def test_what_may_be_posted_again_are_the_pages_that_know_it() -> None:
    assert set(PAGE_PATHS) == set(PAGE_PREFIXES)


def test_connections_are_given_up_before_the_node_ends_them() -> None:
    assert HttpLimits().idle_seconds > IDLE_SECONDS


def test_a_page_that_waits_for_news_is_not_taken_for_a_frozen_node() -> None:
    assert POLL_SECONDS < PAGE_SILENCE_SECONDS


def test_it_is_the_node_that_refuses_what_is_too_large() -> None:
    limits = BodyLimits()
    assert max(limits.body_bytes, limits.message_bytes) < BODY_BYTES


def test_a_file_can_name_every_route_and_weight_that_a_node_can_have() -> None:
    assert ROUTE.pattern == ROUTE_PATTERN.pattern
    (weight,) = [each for each in KEYS if each.name == "weight"]
    assert weight.kind.read(str(WEIGHT_MAX)) == WEIGHT_MAX
    with pytest.raises(ValueError, match=str(WEIGHT_MAX + 1)):
        weight.kind.read(str(WEIGHT_MAX + 1))
