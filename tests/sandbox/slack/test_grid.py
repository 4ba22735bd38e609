"""An Enterprise Grid organization: what Slack sends about its people and others, in the shapes that were recorded."""

from __future__ import annotations

from typing import Any

import pytest

from bolt_sandbox.slack.model import Refused

from .conftest import Served
from .listener import BUTTONS, Listener

ORG, TEAM, SIBLING = "E0SANDBOX", "T0SANDBOX", "T0SIBLING"
PEOPLE = {"edda": ORG, "sven": SIBLING, "sila": SIBLING}


@pytest.fixture
async def on_grid(served: Served) -> Served:
    """The workspace, which has joined the organization."""
    answer: Any = await served.control("grid")
    assert (answer["enterprise"], answer["siblings"]) == (ORG, [SIBLING])
    assert {one["name"]: one["shown_as"] for one in answer["people"]} == PEOPLE
    assert await served.control("grid") == answer
    return served


async def profile(served: Served, name: str) -> dict[str, Any]:
    """A user's profile, as users.info returns it."""
    found: dict[str, Any] = (await served.client.users_info(user=served.ws.user(name).id))["user"]
    return found


async def test_who_the_bot_is(served: Served) -> None:
    """auth.test names the organization in Grid, and no organization outside it."""
    assert "enterprise_id" not in (await served.client.auth_test()).data
    await served.control("grid")
    answer = await served.client.auth_test()
    assert (answer["team_id"], answer["enterprise_id"], answer["is_enterprise_install"]) == (TEAM, ORG, False)


async def test_profiles(on_grid: Served) -> None:
    """The organization's people have `enterprise_user` with their workspaces, and aren't strangers."""
    teams = {"ada": [TEAM], "edda": [TEAM], "sven": [SIBLING, TEAM], "sila": [SIBLING]}
    for name, listed in teams.items():
        told = await profile(on_grid, name)
        assert (told["enterprise_user"]["enterprise_id"], told["enterprise_user"]["teams"]) == (ORG, listed)
        assert told["team_id"] == PEOPLE.get(name, TEAM)
        assert "is_stranger" not in told
    await on_grid.control("users", name="eve", team="T0ELSE", enterprise="E0ELSE", shown_as="E0ELSE")
    eve = await profile(on_grid, "eve")
    assert (eve["team_id"], eve["enterprise_user"]["enterprise_id"], eve["is_stranger"]) == ("E0ELSE", "E0ELSE", True)


@pytest.mark.usefixtures("handler")
@pytest.mark.parametrize("name", list(PEOPLE))
async def test_what_comes_of_our_people(on_grid: Served, listener: Listener, name: str) -> None:
    """The envelope and `team` are ours; the person's own team is the organization or a sibling workspace."""
    shown, people = PEOPLE[name], on_grid.people
    await on_grid.client.chat_postMessage(channel="C0DATAENG", text="card", blocks=BUTTONS)
    await people.mention(name, "data-eng", "hello")
    ts = people.newest_with(name, "data-eng", label="Cancel run")
    await people.click(name, "data-eng", ts, label="Cancel run")
    await people.open_home(name)
    mention, click, home = listener.seen
    event = mention["event"]
    assert (mention["team_id"], mention["enterprise_id"], event["team"]) == (TEAM, ORG, TEAM)
    assert event["user_team"] == event["source_team"] == event["user_profile"]["team"] == shown
    assert mention["authorizations"][0] | {"user_id": ""} == {
        "enterprise_id": ORG,
        "team_id": TEAM,
        "user_id": "",
        "is_bot": True,
        "is_enterprise_install": False,
    }
    assert not mention["is_ext_shared_channel"]
    assert click["user"]["team_id"] == shown
    assert click["team"] == {
        "id": TEAM,
        "domain": "acme-data",
        "enterprise_id": ORG,
        "enterprise_name": "Sandbox Org",
    }
    assert click["enterprise"] == {"id": ORG, "name": "Sandbox Org"}
    assert (home["team_id"], home["enterprise_id"]) == (SIBLING if name == "sila" else TEAM, ORG)
    assert "team" not in home["event"]


@pytest.mark.usefixtures("handler")
async def test_commands_are_there_for_people_of_our_workspace(on_grid: Served, listener: Listener) -> None:
    """Commands name our workspace and organization; people of a sibling workspace without the app have no commands."""
    await on_grid.people.slash("sven", "data-eng", "/bolt", "say")
    (body,) = listener.seen
    assert (body["team_id"], body["enterprise_id"], body["enterprise_name"]) == (TEAM, ORG, "Sandbox Org")
    with pytest.raises(Refused, match="invalid_command"):
        await on_grid.people.slash("sila", "data-eng", "/bolt", "say")
    with pytest.raises(Refused, match="invalid_command"):
        await on_grid.people.shortcut("sila", "run.form")


async def test_a_channel_of_two_workspaces_is_not_shared_outside(on_grid: Served) -> None:
    """A channel of two workspaces is shared within the organization, not outside."""
    shape = (await on_grid.client.conversations_info(channel="C0DATAENG"))["channel"]
    assert (shape["is_shared"], shape["is_org_shared"], shape["is_ext_shared"]) == (True, True, False)
    assert shape["shared_team_ids"] == [TEAM, SIBLING]


@pytest.mark.usefixtures("handler")
@pytest.mark.parametrize("enterprise", ["", "E0ELSE"])
async def test_what_comes_of_people_of_other_organizations(
    on_grid: Served, listener: Listener, enterprise: str
) -> None:
    """A mention has our `team` and their `user_team`, or their organization if there's one; a click has our team."""
    own = enterprise or "T0ELSE"
    await on_grid.control("users", name="eve", team="T0ELSE", enterprise=enterprise, shown_as=own)
    await on_grid.control("members", channel="data-eng", user="eve", do="invite")
    await on_grid.client.chat_postMessage(channel="C0DATAENG", text="card", blocks=BUTTONS)
    await on_grid.people.mention("eve", "data-eng", "hello")
    ts = on_grid.people.newest_with("eve", "data-eng", label="Cancel run")
    await on_grid.people.click("eve", "data-eng", ts, label="Cancel run")
    await on_grid.people.say("eve", "dm", "hello")
    mention, click, direct = listener.seen
    assert (mention["team_id"], mention["event"]["team"], mention["event"]["user_team"]) == (TEAM, TEAM, own)
    assert mention["is_ext_shared_channel"]
    assert (click["user"]["team_id"], click["team"]["id"], click["enterprise"]["id"]) == (own, TEAM, ORG)
    assert (direct["team_id"], direct.get("enterprise_id")) == ("T0ELSE", enterprise or None)
    assert direct["context_team_id"] == TEAM


async def test_workspaces_that_are_not_there(on_grid: Served) -> None:
    """A person can't be added to an unknown workspace."""
    async with on_grid.session.post(
        f"{on_grid.base_url}/control/users", json={"name": "x", "teams": ["T0NONE"]}
    ) as reply:
        assert reply.status == 400
