"""The configuration in the Cockpit: shown with its sources, changed against one revision, kept."""

from __future__ import annotations

import httpx2

from ranvier.storage.errors import StorageUnavailable
from tests.support.pages import Form, ReadPage
from tests.support.played_cluster import EVIL, played_cluster
from tests.support.web_node import WebNode

PAGE = "/cockpit/configuration"
EDIT = "/cockpit/configuration/edit"
DRAFT = "/cockpit/configuration/draft"


async def read(client: httpx2.AsyncClient, path: str = PAGE) -> ReadPage:
    response = await client.get(path)
    assert response.status_code == 200, response.text
    found = ReadPage(response.text)
    assert found.open == []
    assert found.inline == []
    return found


async def edit_form(client: httpx2.AsyncClient) -> Form:
    return (await read(client, EDIT)).posted_to(EDIT)


async def posted(client: httpx2.AsyncClient, path: str = EDIT, **values: str) -> httpx2.Response:
    """Post the form as it is with these values; `__` in a name stands for a dot."""
    fields = dict((await edit_form(client)).fields)
    fields.pop("what", None)
    changes = {name.replace("__", "."): value for name, value in values.items()}
    return await client.post(path, data={**fields, **changes})


async def test_before_anything_was_set_each_node_goes_by_its_own() -> None:
    node = WebNode(own_settings={"query.limit": "77"})
    async with node.client() as client:
        words = (await read(client)).words
    assert "Revision 0 is in force" in words
    assert "Nothing was ever set" in words
    assert "each node's own 77 its own settings at once" in words
    assert "the default at once" in words


async def test_values_are_set_for_all_nodes_and_told_with_author_and_time() -> None:
    node = played_cluster()
    async with node.client() as client:
        answer = await posted(client, value__query__limit="500")
        assert answer.status_code == 303
        assert answer.headers["location"] == f"{PAGE}?told=set"
        words = (await read(client, answer.headers["location"])).words
    assert node.applied[-1].values == {"query.limit": "500"}
    assert "It is in force" in words
    assert "Revision 1 is in force" in words
    assert "500 500 the cluster at once" in words
    assert "query.limit = 500 accepted" in words
    assert "somebody at 127.0.0.1, in the Cockpit" in words
    assert "1 revision behind" in words


async def test_an_emptied_field_gives_the_key_back_to_each_node() -> None:
    node = WebNode()
    async with node.client() as client:
        await posted(client, value__query__limit="500")
        await posted(client, value__query__limit="")
        words = (await read(client)).words
    assert node.applied[-1].values == {}
    assert "query.limit: taken away" in words


async def test_a_secret_is_set_and_never_shown() -> None:
    node = WebNode()
    async with node.client() as client:
        await posted(client, secret__access_token="gorilla-glass")
        assert node.applied[-1].values == {"access_token": "gorilla-glass"}
        for path in (PAGE, EDIT):
            assert "gorilla-glass" not in (await client.get(path)).text
        await posted(client)
        assert node.applied[-1].values == {"access_token": "gorilla-glass"}
        await posted(client, drop__access_token="yes")
    assert node.applied[-1].values == {}


async def test_what_is_half_filled_in_is_kept_without_its_secrets() -> None:
    async with WebNode().client() as client:
        answer = await posted(
            client, DRAFT, value__query__limit="123", secret__access_token="hush", what="keep"
        )
        assert answer.headers["location"] == f"{PAGE}?told=kept"
        form = await edit_form(client)
        assert form.fields["value.query.limit"] == "123"
        assert form.fields["secret.access_token"] == ""
        assert "hush" not in (await client.get(EDIT)).text
        answer = await posted(client, DRAFT, what="drop")
        assert answer.headers["location"] == f"{PAGE}?told=dropped"
        assert (await edit_form(client)).fields["value.query.limit"] == ""


async def test_a_script_keeps_the_draft_without_leaving_the_page() -> None:
    async with WebNode().client() as client:
        fields = {**(await edit_form(client)).fields, "value.query.limit": "9", "what": "keep"}
        answer = await client.post(DRAFT, data=fields, headers={"X-Kept-By": "script"})
        assert answer.status_code == 204
        assert (await edit_form(client)).fields["value.query.limit"] == "9"


async def test_a_draft_is_gone_once_it_is_in_force() -> None:
    async with WebNode().client() as client:
        await posted(client, DRAFT, value__query__limit="123", what="keep")
        await posted(client)
        assert "This is what you had filled in" not in (await read(client, EDIT)).words


async def test_a_conflict_shows_both_values_and_changes_nothing() -> None:
    node = WebNode()
    async with node.client() as client:
        mine = {**(await edit_form(client)).fields, "value.query.limit": "111"}
        mine.pop("what", None)
        await node.configuration.change({"query.limit": "222"}, "somebody else")
        answer = await client.post(EDIT, data=mine)
        assert answer.status_code == 409
        found = ReadPage(answer.text)
        assert "you began with revision 0, and 1 is in force" in found.words
        assert "In force: 222." in found.words
        assert found.posted_to(EDIT).fields["value.query.limit"] == "111"
        assert node.applied[-1].values == {"query.limit": "222"}
        again = {**found.posted_to(EDIT).fields}
        again.pop("what", None)
        assert (await client.post(EDIT, data=again)).status_code == 303
    assert node.applied[-1].values == {"query.limit": "111"}


async def test_a_wrong_value_is_told_and_stays_in_its_field() -> None:
    node = WebNode()
    async with node.client() as client:
        answer = await posted(client, value__query__limit=EVIL)
    assert answer.status_code == 422
    assert "query.limit is" in answer.text
    assert "<script>alert" not in answer.text
    assert node.applied == []


async def test_a_node_that_cannot_live_with_a_value_refuses_it_for_all() -> None:
    node = WebNode(refuses="Not here.")
    async with node.client() as client:
        answer = await posted(client, value__query__limit="5")
    assert answer.status_code == 422
    assert "Not here." in answer.text


async def test_the_same_form_sent_twice_is_one_revision() -> None:
    node = WebNode()
    async with node.client() as client:
        fields = {**(await edit_form(client)).fields, "value.query.limit": "5"}
        fields.pop("what", None)
        answers = [await client.post(EDIT, data=fields) for _ in range(2)]
        assert [each.status_code for each in answers] == [303, 303]
    assert [each.number for each in node.applied] == [1]


async def test_a_database_that_sleeps_leaves_the_page_standing() -> None:
    node = WebNode()
    async with node.client() as client:
        node.configurations.error = StorageUnavailable("it is asleep")
        assert "it is asleep" in (await read(client)).words
        assert (await client.get(EDIT)).status_code == 503
