"""The pages of the Cockpit as a node renders them: true, escaped, and whole without scripts."""

from __future__ import annotations

from dataclasses import replace

import httpx2
import pytest

from ranvier.storage.errors import StorageUnavailable
from ranvier.web.dependencies import PartHealth
from ranvier.web.security_headers import CONTENT_SECURITY_POLICY
from tests.support.pages import ReadPage
from tests.support.played_cluster import EVIL, links_to, other_node, played_cluster, report_of
from tests.support.web_node import OWN, WebNode

PAGES = [
    "/cockpit",
    "/cockpit?node=messaging2",
    "/cockpit/cluster",
    "/cockpit/cluster?node=messaging1",
    "/cockpit/cluster/messaging1",
    "/cockpit/cluster/messaging2",
    "/cockpit/cluster/messaging4",
]


async def page(node: WebNode, path: str) -> ReadPage:
    async with node.client() as client:
        response = await client.get(path)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert response.headers["cache-control"] == "no-store"
    return ReadPage(response.text)


@pytest.mark.parametrize("path", PAGES)
async def test_pages_are_whole_and_ask_only_this_node(path: str) -> None:
    found = await page(played_cluster(), path)
    assert found.open == []
    assert found.inline == []
    assert all(each.startswith(("/", "#")) and each[:2] != "//" for each in found.references)


@pytest.mark.parametrize("path", PAGES)
async def test_every_link_of_a_page_leads_somewhere(path: str) -> None:
    node = played_cluster()
    found = await page(node, path)
    async with node.client() as client:
        for reference in {each.partition("#")[0] for each in found.references}:
            if reference and not reference.startswith(("/cockpit/live", "/cockpit/poll")):
                assert (await client.get(reference)).status_code == 200, reference


@pytest.mark.parametrize("path", ["/cockpit", "/cockpit/cluster", "/cockpit/cluster/{name}"])
async def test_names_from_outside_are_only_text(path: str) -> None:
    node = played_cluster()
    evil = replace(
        other_node(EVIL).member, host=EVIL, os=EVIL, python=EVIL, version=EVIL, ip=EVIL, route=EVIL
    )
    node.members.append(replace(OWN, member=evil, is_own=False))
    node.peers.reports[evil.node_id] = replace(report_of(EVIL, EVIL), health=(EVIL,))
    node.log.contexts[EVIL] = node.log.contexts["default"]
    async with node.client() as client:
        text = (
            await client.get(path.replace("{name}", httpx2.URL(path=EVIL).raw_path.decode()))
        ).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


async def test_the_dashboard_sums_what_all_nodes_tell() -> None:
    words = (await page(played_cluster(), "/cockpit")).words
    assert "Nodes 2 of 4 run" in words
    assert "Commands/s 2\u202f469" in words
    assert "Clients 24" in words
    assert "Events stored 1\u202f234" in words
    assert "messaging4 is down: it went without a goodbye." in words
    assert "messaging3 is draining" in words


async def test_the_dashboard_of_one_node_tells_of_it_alone() -> None:
    words = (await page(played_cluster(), "/cockpit?node=messaging2")).words
    assert "Commands/s 1\u202f234" in words
    assert "Clients 12" in words
    assert "Nodes 1 of 1 run" in words


async def test_a_node_that_tells_nothing_is_said_to() -> None:
    node = played_cluster()
    node.peers.reports["id-of-messaging2"] = "Node messaging2 has not answered within 1 second."
    for path in ("/cockpit", "/cockpit/cluster/messaging2"):
        assert "has not answered within 1 second" in (await page(node, path)).words


async def test_a_database_that_sleeps_leaves_the_pages_standing() -> None:
    node = played_cluster()
    node.log.read_error = StorageUnavailable("it is asleep")
    node.health = [PartHealth("db", is_up=False, reason="The database is out of reach.")]
    found = await page(node, "/cockpit")
    assert "it is asleep" in found.words
    assert "The database is out of reach." in found.words
    await page(node, "/cockpit/cluster")
    await page(node, "/cockpit/cluster/messaging2")


async def test_a_node_alone_has_pages_without_a_mesh() -> None:
    node = WebNode()
    assert "It stands alone on SQLite" in (await page(node, "/cockpit")).words
    assert "there are no links" in (await page(node, "/cockpit/cluster")).words
    assert "No links" in (await page(node, "/cockpit/cluster/messaging1")).words


async def test_the_cluster_lists_every_node_with_its_times() -> None:
    words = (await page(played_cluster(), "/cockpit/cluster")).words
    assert "messaging1 local running up" in words
    assert "messaging2 running up host-messaging2 messaging2 23 % 5 just now" in words
    assert "messaging4 down \N{EN DASH} host-messaging4" in words
    assert "2023-11-14 22:15:05" in words


async def test_the_mesh_is_pictured_and_told_in_words() -> None:
    node = played_cluster()
    node.peers.reports["id-of-messaging3"] = replace(
        report_of("messaging3"), links=links_to("messaging2", is_up=False)
    )
    found = await page(node, "/cockpit/cluster")
    assert "messaging1 and messaging2 are linked; there and back: 0.7 ms." in found.words
    assert "messaging2 and messaging3 have no link." in found.words
    assert "messaging1 and messaging3: neither tells of its link." in found.words
    assert "4 nodes, 1 links that work, 1 that do not, 1 unknown." in found.words
    lines = [value for tag, name, value in found.attributes if (tag, name) == ("line", "class")]
    assert sorted(filter(None, lines)) == [
        "mesh-link is-down",
        "mesh-link is-unknown",
        "mesh-link is-up",
    ]


async def test_a_node_page_shows_its_route_and_its_drift() -> None:
    node = played_cluster()
    own = node.members[0]
    node.members[0] = replace(own, member=replace(own.member, config_revision=9))
    found = await page(node, "/cockpit/cluster/messaging2")
    assert "JVM route messaging2 Session cookies of this node end in .messaging2," in found.words
    assert "9 revisions behind" in found.words
    assert ("code", "id", "jvm-route") in found.attributes


async def test_what_can_be_done_with_a_node_depends_on_its_state() -> None:
    node = played_cluster()
    for name, action in (
        ("messaging2", "Drain"),
        ("messaging3", "Resume"),
        ("messaging4", "Forget"),
    ):
        words = (await page(node, f"/cockpit/cluster/{name}")).words
        assert [each for each in ("Drain", "Resume", "Forget") if f" {each} " in words] == [action]


async def test_a_node_that_is_none_is_not_found() -> None:
    async with played_cluster().client() as client:
        assert (await client.get("/cockpit/cluster/nobody")).status_code == 404
