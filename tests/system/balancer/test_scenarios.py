"""The same scenarios behind every real balancer, each with the file that is rendered for it.

What is missing on a machine is skipped by its name; a shared cluster stands behind all of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from examples.until import until
from examples.visitor import Page, Visitor
from ranvier.balancer.options import Stickiness
from tests.support.balanced_cluster import (
    HEAVY,
    NAMES,
    PASSWORD,
    TOKEN,
    TWICE,
    USER,
    BalancedCluster,
    Crowd,
    balanced_cluster,
    new_routes,
    until_front_serves,
    until_routes,
)
from tests.support.balancer_fronts import Front, RunningFront, ajp_secret_known, fronts
from tests.support.scale import scaled

FORM = "/cockpit/configuration/edit"
DRAFT = "/cockpit/configuration/draft"
KEY = "value.query.limit"
CONTEXT = "/cockpit/contexts/-/new"
ALL = fronts()
BY_COOKIE = [each for each in ALL if each.sticky is Stickiness.COOKIE]
BY_ADDRESS = [each for each in ALL if each.sticky is Stickiness.ADDRESS]
BY_AJP = [each for each in ALL if each.speaks_ajp]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BalancedCluster]:
    with balanced_cluster(tmp_path_factory.mktemp("balanced")) as started:
        yield started


@pytest.fixture(scope="module", params=BY_COOKIE, ids=lambda each: each.name)
def front(
    nodes: BalancedCluster,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningFront]:
    yield from running(request.param, nodes, tmp_path_factory)


@pytest.fixture(scope="module", params=BY_ADDRESS, ids=lambda each: each.name)
def front_by_address(
    nodes: BalancedCluster,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningFront]:
    yield from running(request.param, nodes, tmp_path_factory)


def running(
    kind: Front, nodes: BalancedCluster, places: pytest.TempPathFactory
) -> Iterator[RunningFront]:
    nodes.until_linked(*NAMES)
    with ajp_secret_known(), kind.running(nodes.listed(), places.mktemp(kind.name)) as started:
        until_front_serves(started.url)
        yield started


def test_new_sessions_follow_the_weights_and_stay(
    nodes: BalancedCluster, front: RunningFront
) -> None:
    counts = Counter(new_routes(front.url, 80))
    shares = {name: counts[nodes.route_of(name)] / 80 for name in NAMES}
    for name, share in shares.items():
        wanted = (TWICE if name == HEAVY else 1) / (TWICE + 2)
        assert share == pytest.approx(wanted, rel=0.101), shares
    for _ in range(6):
        with Visitor(front.url) as visitor:
            cookies = {visitor.see("/sign-in").status and visitor.cookie for _ in range(5)}
            assert len(cookies) == 1, "the cookie was issued again"


def signed_in(visitor: Visitor) -> Page:
    page = visitor.sign_in(USER, PASSWORD)
    assert page.status == 200
    assert page.path.startswith("/cockpit"), page.text
    return page


def keep_draft(visitor: Visitor, value: str) -> None:
    form = visitor.see(FORM).form(FORM)
    page = visitor.post(DRAFT, {**form.fields, KEY: value, "what": "keep"})
    assert page.status == 200, page.text


def draft_of(visitor: Visitor) -> str:
    page = visitor.see(FORM)
    assert (page.status, page.path) == (200, FORM), page.text
    return next(each.fields[KEY] for each in page.forms if KEY in each.fields)


def test_a_killed_node_costs_its_visitor_nothing(
    nodes: BalancedCluster, front: RunningFront
) -> None:
    with Visitor(front.url) as visitor:
        signed_in(visitor)
        keep_draft(visitor, "123")
        session, route = visitor.session, visitor.route
        owner = nodes.name_of(route)
        nodes[owner].kill()
        try:
            assert draft_of(visitor) == "123"
            assert visitor.session == session
            assert visitor.route not in {"", route}
        finally:
            nodes.bring_back(owner)
        # It stays where it went: nobody is moved twice.
        adopted_by = visitor.route
        until_routes(front.url, lambda found: route in found)
        assert draft_of(visitor) == "123"
        assert visitor.route == adopted_by


def test_a_drained_node_gets_no_new_sessions_and_fails_no_request(
    nodes: BalancedCluster, front: RunningFront
) -> None:
    route, listed = nodes.route_of("two"), nodes.listed()
    with Visitor(front.url) as visitor:
        until(lambda: is_at(visitor, route), "a new visitor gets the node two")
        drain_under_load(nodes, front, visitor)
        front.show(listed)
        until_routes(front.url, lambda found: route in found)


def is_at(visitor: Visitor, route: str) -> bool:
    """Come as somebody new, and tell whether that is to a certain node."""
    visitor.forget()
    return visitor.see("/sign-in").status == 200 and visitor.route == route


def drain_under_load(nodes: BalancedCluster, front: RunningFront, visitor: Visitor) -> None:
    route = visitor.route
    with Crowd(front.url) as crowd:
        crowd.until_seen(40)
        if not front.hands_on:
            front.show([{**each, **drained(each, "two")} for each in nodes.listed()])
        nodes.drain("two")
        try:
            until_routes(front.url, lambda found: route not in found)
            # Who was there may stay.
            assert visitor.see("/sign-in").status == 200
            crowd.until_seen(40)
            assert route not in new_routes(front.url, 12)
        finally:
            nodes.resume("two")
    assert crowd.failures == []


def drained(node: Mapping[str, Any], name: str) -> dict[str, str]:
    return {"state": "draining"} if node["name"] == name else {}


@pytest.mark.soak
def test_a_rolling_restart_loses_no_step(nodes: BalancedCluster, front: RunningFront) -> None:
    with Visitor(front.url) as visitor:
        signed_in(visitor)
        # In full each node has its turn; in the suite the one where the visitor is.
        turns = NAMES if scaled(3, suite=1) == 3 else (nodes.name_of(visitor.route),)
        for step, name in enumerate(turns):
            keep_draft(visitor, str(step))
            nodes.drain(name)
            assert nodes[name].stop() == 0
            assert draft_of(visitor) == str(step)
            keep_draft(visitor, str(step + 100))
            nodes.bring_back(name)
            assert draft_of(visitor) == str(step + 100)


def test_a_post_to_a_node_that_is_lost_has_one_effect(
    nodes: BalancedCluster, front: RunningFront
) -> None:
    with Visitor(front.url) as visitor, ThreadPoolExecutor(1) as thread:
        signed_in(visitor)
        name = f"made-{uuid4().hex[:8]}"
        fields = {**visitor.see(CONTEXT).form(CONTEXT).fields, "name": name, "kind": "classic"}
        owner = nodes.name_of(visitor.route)
        nodes[owner].freeze()
        posting = thread.submit(visitor.post_or_nothing, CONTEXT, fields)
        nodes[owner].kill()
        try:
            page = posting.result(60)
            if page is None or page.status >= 500:
                # What a balancer does not repeat, the user does.
                until_front_serves(front.url)
                page = visitor.post(CONTEXT, fields)
            assert page.status == 200, page.text
            again = visitor.post(CONTEXT, fields)
            # Made anew it would be refused: there is one of that name.
            assert (again.status, again.path) == (200, page.path), again.text
        finally:
            nodes.bring_back(owner)


@pytest.mark.parametrize("is_chunked", [False, True], ids=["whole", "chunked"])
def test_an_upload_of_100_kb_arrives_whole(
    nodes: BalancedCluster, front: RunningFront, *, is_chunked: bool
) -> None:
    aggregate, data = uuid4().hex, "x" * 100_000
    event = {
        "aggregateId": aggregate,
        "aggregateSequenceNumber": 0,
        "aggregateType": "Upload",
        "payload": {"type": "Uploaded", "data": data},
    }
    body = json.dumps([event]).encode()
    parts = (body[start : start + 9_000] for start in range(0, len(body), 9_000))
    headers = {"AxonIQ-Access-Token": TOKEN, "Content-Type": "application/json"}
    answer = httpx2.post(
        f"{front.url}/v1/events",
        content=parts if is_chunked else body,
        headers=headers,
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    read = httpx2.get(
        f"{front.url}/v1/events", params={"aggregateId": aggregate}, headers=headers, timeout=60
    )
    assert data in read.text


def test_what_a_visitor_says_of_its_address_counts_for_nothing(front: RunningFront) -> None:
    forged = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "https",
        "Forwarded": "for=6.6.6.6;proto=https",
    }
    with Visitor(front.url) as visitor:
        visitor.see("/sign-in", forged)
        assert not visitor.has_secure_cookie


def test_by_address_a_visitor_without_cookies_stays_with_a_node(
    nodes: BalancedCluster, front_by_address: RunningFront
) -> None:
    found: dict[str, set[str]] = {}
    for number in range(2, 14):
        source = f"127.0.0.{number}"
        for _ in range(3):
            with Visitor(front_by_address.url, source) as visitor:
                assert visitor.see("/sign-in").status == 200
                found.setdefault(source, set()).add(visitor.route)
    assert all(len(routes) == 1 for routes in found.values()), found
    assert len(set().union(*found.values())) > 1


def test_by_address_a_killed_node_costs_its_visitor_nothing(
    nodes: BalancedCluster, front_by_address: RunningFront
) -> None:
    with Visitor(front_by_address.url, "127.0.0.2") as visitor:
        signed_in(visitor)
        keep_draft(visitor, "77")
        owner = nodes.name_of(visitor.route)
        nodes[owner].kill()
        try:
            assert draft_of(visitor) == "77"
        finally:
            nodes.bring_back(owner)


def test_a_node_that_was_added_gets_sessions(nodes: BalancedCluster, front: RunningFront) -> None:
    nodes.begin("four")
    try:
        nodes.until_linked(*NAMES, "four")
        listed = nodes.listed(*NAMES, "four")
        front.show(listed)
        until_routes(front.url, lambda found: nodes.route_of("four") in found)
    finally:
        route = nodes.route_of("four")
        front.show(nodes.listed())
        until_routes(front.url, lambda found: route not in found)
        nodes["four"].stop()
        nodes.forget("four")


@pytest.mark.parametrize("kind", BY_AJP, ids=lambda each: each.name)
def test_a_balancer_without_the_secret_is_served_nothing(
    nodes: BalancedCluster,
    kind: Front,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RANVIER_AJP_SECRET", "another-one")
    with kind.running(nodes.listed(), tmp_path_factory.mktemp("wrong")) as started:
        answer = httpx2.get(f"{started.url}/sign-in", timeout=60)
        assert answer.status_code in {403, 502, 503}
        assert "JSESSIONID" not in answer.headers.get("set-cookie", "")
