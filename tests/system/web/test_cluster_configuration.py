"""What all nodes share, shown and changed by REST; secrets are never shown."""

from __future__ import annotations

import httpx2

from tests.support.web_node import NOW_ISO, WebNode, is_problem

PATH = "/api/cluster/configuration"


async def test_a_change_is_in_force_when_it_is_answered(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    before = (await client.get(PATH)).json()
    assert (before["revision"], before["values"], before["changedAt"]) == (0, {}, None)
    changes = {"query.limit": "7", "access-token": "sesame"}
    answer = await client.patch(PATH, json={"values": changes, "replaces": 0, "author": "eve"})
    assert answer.status_code == 200
    shown = answer.json()
    keys = {each["key"]: each["applies"] for each in shown.pop("keys")}
    assert keys["query.limit"] == "at once"
    assert keys["limits.connections"] == "at the next start of each node"
    assert shown == {
        "revision": 1,
        "replaces": 0,
        "values": {"query.limit": "7", "access_token": "***"},
        "author": "eve at 127.0.0.1",
        "changedAt": NOW_ISO,
        "state": "accepted",
        "reason": "",
    }
    assert node.applied[-1].values["access_token"] == "sesame"
    await client.patch(PATH, json={"values": {"access_token": None}})
    assert (await client.get(PATH)).json()["values"] == {"query.limit": "7"}
    history = (await client.get(f"{PATH}/history")).json()
    assert [each["revision"] for each in history] == [2, 1]
    assert "sesame" not in str(history)


async def test_what_cannot_be_is_refused_in_a_sentence(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    for changes, code in (
        ({"query.limi": "7"}, "RANVIER-CONFIG-KEY"),
        ({"http_port": "7"}, "RANVIER-CONFIG-NOT-SHARED"),
        ({"query.limit": "many"}, "RANVIER-CONFIG-VALUE"),
    ):
        assert is_problem(await client.patch(PATH, json={"values": changes}), 422, code)
    node.refuses = "My certificate is missing."
    refused = await client.patch(PATH, json={"values": {"query.limit": "7"}})
    assert is_problem(refused, 422, "RANVIER-CONFIGURATION-REFUSED")
    assert "My certificate is missing." in refused.json()["detail"]
    moved = await client.patch(PATH, json={"values": {}, "replaces": 3})
    assert is_problem(moved, 409, "RANVIER-CONFIGURATION-MOVED")
    assert (await client.patch(PATH, json={"values": 7})).status_code == 400
