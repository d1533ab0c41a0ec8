"""Signing in at real nodes: the set-up, passwords, floods, restarts, and sessions of all nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import grpc
import httpx2
import pytest

from examples.node_process import NodeProcess
from examples.until import until
from ranvier.proto.event_pb2 import GetLastTokenRequest
from tests.support.axon_stubs import event_store_stub
from tests.support.browser_like import PEOPLE, hidden, set_up, sign_in, sign_out
from tests.support.cluster import cluster
from tests.support.node_program import running_node
from tests.support.scale import scaled

SECRET = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{8}){4}\b")
PASSWORD = "a quiet green door"
TOKEN = "f3b1c0de-this-is-the-token"
SECONDS = 60.0
LOOK_SECONDS = 0.1
"""Between two looks at the node while it is flooded."""


def browser_of(node: NodeProcess, address: str = "127.0.0.1") -> httpx2.Client:
    """Return a client with a cookie jar of its own, that comes from this address."""
    transport = httpx2.HTTPTransport(local_address=address)
    return httpx2.Client(
        base_url=node.http_address, transport=transport, headers=PEOPLE, timeout=SECONDS
    )


def told_secret(log: str) -> str:
    (secret,) = SECRET.findall(log)
    return str(secret)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sign-in")


def test_from_the_first_start_to_the_next(folder: Path) -> None:
    data, log = folder / "data", folder / "data.log"
    with running_node(data, "--access-control") as node, browser_of(node) as browser:
        secret = told_secret(log.read_text())
        assert browser.get("/cockpit").headers["location"].startswith("/sign-in?")
        assert set_up(browser, "0" * 40, "Anna", PASSWORD).status_code == 403
        assert set_up(browser, secret, "Anna", PASSWORD).headers["location"] == "/cockpit"
        assert "Anna" in browser.get("/cockpit").text
        assert browser.get("/set-up").headers["location"] == "/sign-in"
        again = hidden(browser.get("/sign-out")) | {"secret": secret, "name": "Bert"}
        once_more = again | {"password": PASSWORD, "repeated": PASSWORD}
        assert browser.post("/set-up", data=once_more).status_code == 403
        cookie = browser.cookies["JSESSIONID"]
        refused_to_applications(node)
        figures = browser.get("/metrics").text
        assert 'ranvier_sign_in_count{outcome="succeeded"}' not in figures
    with running_node(data, "--access-control") as node, browser_of(node) as browser:
        assert browser.get("/set-up").headers["location"] == "/sign-in"
        assert sign_in(browser, "anna", "another door of mine").status_code == 401
        assert sign_in(browser, "anna", PASSWORD).headers["location"] == "/cockpit"
        assert browser.get("/cockpit").status_code == 200
        figures = browser.get("/metrics").text
        assert 'ranvier_sign_in_count{outcome="succeeded"} 1.0' in figures
        assert 'ranvier_sign_in_count{outcome="refused"} 1.0' in figures
        browser.cookies.clear()
        browser.cookies.set("JSESSIONID", cookie)
        assert browser.get("/cockpit").status_code == 200, "a restart ends no session"
    told = log.read_text()
    assert told_secret(told) == secret
    assert "Anna has signed in from 127.0.0.1." in told
    for kept_back in (PASSWORD, "another door of mine", cookie.partition(".")[0]):
        assert kept_back not in told


def refused_to_applications(node: NodeProcess) -> None:
    """Where access control is on and there is no token, no application gets in by any."""
    with grpc.insecure_channel(node.grpc_address) as channel:
        for metadata, code in (
            ((), "AXONIQ-1000"),
            ((("axoniq-access-token", ""),), "AXONIQ-1000"),
            ((("axoniq-access-token", "None"),), "AXONIQ-1001"),
        ):
            with pytest.raises(grpc.RpcError) as refusal:
                event_store_stub(channel).GetLastToken(
                    GetLastTokenRequest(), metadata=metadata, timeout=SECONDS
                )
            assert code in str(refusal.value.details())
    answer = httpx2.get(f"{node.http_address}/v1/public/me", timeout=SECONDS)
    assert (answer.status_code, answer.json()["code"]) == (401, "AXONIQ-1000")


@pytest.fixture(scope="module")
def node(folder: Path) -> Iterator[NodeProcess]:
    """A node on which access control was turned on while it runs."""
    with running_node(folder / "guarded") as started:
        assert "/set-up" not in (folder / "guarded.log").read_text()
        changed = httpx2.patch(
            f"{started.http_address}/api/cluster/configuration",
            json={"values": {"access_control": "true", "access_token": TOKEN}},
            timeout=SECONDS,
        )
        assert changed.status_code == 200
        until(
            lambda: SECRET.search((folder / "guarded.log").read_text()),
            "the set-up is offered",
        )
        made = httpx2.post(
            f"{started.http_address}/api/users",
            json={"name": "Anna", "password": PASSWORD},
            headers={"AxonIQ-Access-Token": TOKEN},
            timeout=SECONDS,
        )
        assert made.status_code == 201
        yield started


def test_the_set_up_ends_with_a_user_made_by_the_token(node: NodeProcess, folder: Path) -> None:
    told_secret((folder / "guarded.log").read_text())
    with browser_of(node) as browser:
        assert browser.get("/set-up").headers["location"] == "/sign-in"


def test_forged_sessions_open_nothing(node: NodeProcess) -> None:
    with browser_of(node) as browser:
        assert sign_in(browser, "anna", PASSWORD).status_code == 303
        key, _, route = browser.cookies["JSESSIONID"].partition(".")
        browser.cookies.clear()
        other = "B" if key[0] == "A" else "A"
        for forged in (f"{other}{key[1:]}.{route}", f"{key[:-1]}.{route}", route, f"{key}{key}"):
            headers = {"cookie": f"JSESSIONID={forged}"}
            assert browser.get("/cockpit", headers=headers).status_code == 303
            assert browser.get("/api/users", headers=headers).status_code == 401
        right = {"cookie": f"JSESSIONID={key}.a-node-that-is-gone"}
        assert browser.get("/cockpit", headers=right).status_code == 200


def test_a_flood_of_sign_ins_is_slowed_and_the_node_is_not_down(node: NodeProcess) -> None:
    """In full, as many as come in a minute at 10,000 of them: from strangers, for many names."""
    attempts = scaled(10_000, suite=200)
    strangers = [browser_of(node, f"127.0.1.{number}") for number in range(1, 17)]

    def attempt(number: int) -> httpx2.Response:
        proof = {"name": f"user-{number % 10}", "password": f"guess number {number}"}
        return strangers[number % 16].post("/api/sessions", json=proof)

    with ThreadPoolExecutor(16) as threads, browser_of(node, "127.0.0.2") as browser:
        flood = [threads.submit(attempt, number) for number in range(attempts)]
        served = 0
        while wait(flood, LOOK_SECONDS).not_done:
            headers = {"AxonIQ-Access-Token": TOKEN}
            assert browser.get("/v1/public/me", headers=headers).status_code == 200
            served += 1
        answers = [each.result() for each in flood]
        assert served > 0
        signed_in = sign_in(browser, "anna", PASSWORD)
    for each in strangers:
        each.close()
    assert {each.status_code for each in answers} <= {401, 429}
    slowed = [each for each in answers if each.status_code == 429]
    assert len(slowed) > len(answers) // 4
    assert all(int(each.headers["retry-after"]) >= 1 for each in slowed)
    assert signed_in.status_code == 303


def test_what_is_done_on_one_node_counts_on_the_other_at_once(tmp_path: Path) -> None:
    with cluster(tmp_path) as nodes:
        nodes.start_all(("one", "two"), "--access-control")
        secret = told_secret(nodes.log("one") + nodes.log("two"))
        here, there = browser_of(nodes["one"]), browser_of(nodes["two"])
        with here, there:
            assert set_up(there, secret, "Anna", PASSWORD).status_code == 303
            assert here.get("/set-up").headers["location"] == "/sign-in"
            assert sign_in(here, "anna", PASSWORD).status_code == 303
            for browser in (here, there):
                assert "Anna" in browser.get("/cockpit").text
            # The same browser, which the balancer sends to the other node.
            cookie = here.cookies["JSESSIONID"]
            with browser_of(nodes["two"]) as moved:
                moved.cookies.set("JSESSIONID", cookie)
                assert moved.get("/cockpit").status_code == 200
            assert sign_out(there, everywhere=True).status_code == 303
            assert here.get("/cockpit").status_code == 303
            assert here.get("/api/users").status_code == 401
            # Failures are counted together, wherever they are made.
            for browser in (here, there, here):
                assert sign_in(browser, "bert", "a guess at a door").status_code == 401
            ((failures,),) = nodes.ask("SELECT max(failures) FROM ranvier.sign_in_attempt")
            assert failures == 3
