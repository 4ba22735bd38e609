"""Actions of owners and admins, and the events that the app gets about them, over a socket and over HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from tests.waiting import seen

from .conftest import Served

EVENTS = (
    "subteam_created",
    "subteam_members_changed",
    "subteam_updated",
    "channel_shared",
    "channel_unshared",
    "user_change",
)


class Ear:
    """An app that records the events it receives."""

    def __init__(self, served: Served, events: Sequence[str] = EVENTS) -> None:
        self.heard: list[dict[str, Any]] = []
        self.app = AsyncApp(client=served.client, signing_secret=served.ws.signing_secret)
        served.ws.features = replace(served.ws.features, events=frozenset(events))
        for event in events:
            self.app.event(event)(self.hear)

    async def hear(self, body: dict[str, Any]) -> None:
        """Record an event."""
        self.heard.append(body)

    def events(self) -> list[dict[str, Any]]:
        """The events without their envelopes."""
        return [body["event"] for body in self.heard]


@pytest.fixture
async def ear(served: Served) -> Ear:
    """An app that has subscribed to all of these events and isn't connected yet."""
    return Ear(served)


@pytest.fixture(params=["socket", "http"])
async def listening(request: pytest.FixtureRequest, served: Served, ear: Ear) -> AsyncIterator[Ear]:
    """The same app, connected by a socket or over HTTP."""
    if request.param == "socket":
        handler = AsyncSocketModeHandler(ear.app, served.ws.app_token, ping_interval=0.2)
        await handler.connect_async()
        await seen(served.ws, lambda: len(served.delivery.sockets.connections) == 1)
        yield ear
        await handler.close_async()
        return
    runner = web.AppRunner(ear.app.web_app(), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    # Old signatures are refused.
    served.clock.now = time.time()
    served.ws.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    yield ear
    await runner.cleanup()


async def refused(served: Served, path: str, **body: object) -> tuple[int, str]:
    """Status and error with which the control API refuses a call."""
    async with served.session.post(f"{served.base_url}/control/{path}", json=body) as reply:
        return reply.status, str((await reply.json())["error"])


async def test_members_of_a_user_group_change(served: Served, listening: Ear) -> None:
    """The event says who joined and who left, with counts, and another describes the group as it is now."""
    previous = served.ws.usergroup("data-team").updated
    served.clock.now += 60
    await served.control("usergroup", usergroup="@data-team", add=["gus"], remove=["ada", "grace"])
    changed, updated = listening.events()
    now = int(served.clock.now)
    assert {name: value for name, value in changed.items() if name != "event_ts"} == {
        "type": "subteam_members_changed",
        "subteam_id": "S0DATATEAM",
        "team_id": served.ws.team_id,
        "date_previous_update": previous,
        "date_update": now,
        "added_users": ["U0GUS"],
        "added_users_count": 1,
        "removed_users": ["U0ADA", "U0GRACE"],
        "removed_users_count": 2,
    }
    assert previous < now
    assert updated["type"] == "subteam_updated"
    subteam = updated["subteam"]
    assert (subteam["id"], subteam["users"], subteam["user_count"]) == ("S0DATATEAM", ["U0GUS"], 1)
    assert (subteam["is_subteam"], subteam["date_update"], subteam["date_delete"]) == (True, now, 0)
    reply = await served.client.usergroups_users_list(usergroup="S0DATATEAM")
    assert reply["users"] == ["U0GUS"]


async def test_the_same_members_are_no_change(served: Served, listening: Ear) -> None:
    """Setting the same members in another order changes nothing, and a group can't be left empty."""
    await served.control("usergroup", usergroup="data-team", users=["grace", "ada", "ada"])
    assert await refused(served, "usergroup", usergroup="data-leads", remove=["grace"]) == (409, "no_users_provided")
    assert listening.heard == []
    assert served.ws.usergroup("data-leads").users == ["U0GRACE"]


async def test_a_user_group_is_made_and_changed(served: Served, listening: Ear) -> None:
    """Each time a group is created, renamed or disabled, the app gets an event with the whole group."""
    made = await served.control("usergroups", handle="on-call", name="On call", users=["gus"])
    await served.control("usergroup", usergroup="on-call", handle="pager", name="Pager")
    await served.control("usergroup", usergroup="pager", disabled=True)
    kinds = [(one["type"], one["subteam"]["handle"], bool(one["subteam"]["date_delete"])) for one in listening.events()]
    assert kinds == [
        ("subteam_created", "on-call", False),
        ("subteam_updated", "pager", False),
        ("subteam_updated", "pager", True),
    ]
    assert {one["subteam"]["id"] for one in listening.events()} == {made["usergroup"]}
    assert await refused(served, "usergroups", handle="data-team") == (409, "handle_already_exists")
    assert await refused(served, "usergroup", usergroup="pager", handle="data-team") == (409, "handle_already_exists")


async def test_of_a_large_group_not_everybody_is_named(served: Served, listening: Ear) -> None:
    """A large group's event names 500 members, and counts all of them."""
    people = [served.ws.add_user(f"p{number}").id for number in range(501)]
    await served.control("usergroup", usergroup="data-team", users=people)
    subteam = listening.events()[1]["subteam"]
    assert (len(subteam["users"]), subteam["user_count"]) == (500, 501)


async def test_a_channel_is_shared_and_unshared(served: Served, listening: Ear) -> None:
    """Sharing a channel with an organization sends an event, and the channel's information shows that it's shared."""
    await served.control("sharing", channel="data-eng", team="T0ELSE", do="share")
    await served.control("sharing", channel="data-eng", team="T0ELSE", do="share")
    shape = (await served.client.conversations_info(channel="C0DATAENG"))["channel"]
    assert (shape["is_ext_shared"], shape["is_shared"], shape["is_org_shared"]) == (True, True, False)
    assert shape["shared_team_ids"] == [served.ws.team_id, "T0ELSE"]
    await served.control("sharing", channel="data-eng", team="E0THIRD", do="share")
    await served.control("sharing", channel="data-eng", team="T0ELSE", do="unshare")
    await served.control("sharing", channel="data-eng", team="E0THIRD", do="unshare")
    told = [{name: value for name, value in one.items() if name != "event_ts"} for one in listening.events()]
    place = {"channel": "C0DATAENG"}
    assert told == [
        {"type": "channel_shared", "connected_team_id": "T0ELSE"} | place,
        {"type": "channel_shared", "connected_team_id": "E0THIRD"} | place,
        {"type": "channel_unshared", "previously_connected_team_id": "T0ELSE", "is_ext_shared": True} | place,
        {"type": "channel_unshared", "previously_connected_team_id": "E0THIRD", "is_ext_shared": False} | place,
    ]
    assert [body["is_ext_shared_channel"] for body in listening.heard] == [True, True, True, False]
    assert {body["team_id"] for body in listening.heard} == {served.ws.team_id}
    assert not (await served.client.conversations_info(channel="C0DATAENG"))["channel"]["is_ext_shared"]


async def test_inviting_somebody_from_elsewhere_shares_the_channel(served: Served, listening: Ear) -> None:
    """Inviting people from elsewhere shares the channel once, and unsharing it removes them."""
    for name in ("eve", "mallory"):
        await served.control("users", name=name, team="T0ELSE")
        await served.control("members", channel="data-eng", user=name, do="invite")
    await served.control("members", channel="data-eng", user="eve", do="kick")
    assert (await served.client.conversations_info(channel="C0DATAENG"))["channel"]["is_ext_shared"], "it stays so"
    await served.control("sharing", channel="data-eng", team="T0ELSE", do="unshare")
    assert [one["type"] for one in listening.events()] == ["channel_shared", "channel_unshared"]
    members = (await served.client.conversations_members(channel="C0DATAENG"))["members"]
    assert members == [served.ws.bot.id, "U0ADA", "U0GRACE", "U0GUS"]


async def test_a_person_changes(served: Served, listening: Ear) -> None:
    """A change to a person is an event with the same fields as users.info; the address is there only with the scope."""
    await served.control("person", user="ada", role="owner", email="ada@new.example")
    served.ws.scopes.discard("users:read.email")
    await served.control("person", user="ada", deleted=True)
    first, second = (one["user"] for one in listening.events())
    assert (first["is_owner"], first["deleted"], first["profile"]["email"]) == (True, False, "ada@new.example")
    assert (second["is_owner"], second["deleted"]) == (True, True)
    assert "email" not in second["profile"]


async def test_what_the_app_may_not_hear_it_does_not(served: Served, listening: Ear) -> None:
    """The app hears nothing without the scope or subscription, and nothing about private channels that it isn't in."""
    await served.control("sharing", channel="finance", team="T0ELSE", do="share")
    for scope in ("usergroups:read", "channels:read", "users:read"):
        served.ws.scopes.discard(scope)
    await served.control("usergroup", usergroup="data-leads", add=["ada"])
    await served.control("sharing", channel="data-eng", team="T0ELSE", do="share")
    await served.control("person", user="ada", role="admin")
    assert listening.heard == []
    await served.control("members", channel="finance", do="invite")
    await served.control("sharing", channel="finance", team="E0THIRD", do="share")
    assert [one["channel"] for one in listening.events()] == ["C0FINANCE"]
    served.ws.scopes |= {"usergroups:read", "channels:read"}
    served.ws.features = replace(served.ws.features, events=frozenset({"subteam_updated"}))
    await served.control("usergroup", usergroup="data-leads", remove=["ada"])
    await served.control("sharing", channel="data-eng", team="T0ELSE", do="unshare")
    assert [one["type"] for one in listening.events()] == ["channel_shared", "subteam_updated"]


async def test_an_event_that_nobody_takes_comes_again(served: Served, ear: Ear) -> None:
    """An event that isn't acknowledged is sent again, and the change is made anyway."""
    await served.control("usergroup", usergroup="data-leads", add=["ada"])
    await seen(served.ws, lambda: sum("retry" in call.details for call in served.ws.calls) == 6)
    assert ear.heard == []
    assert served.ws.usergroup("data-leads").users == ["U0GRACE", "U0ADA"]


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("person", {"user": "nobody", "role": "admin"}, (409, "user_not_found")),
        ("person", {"user": "bolt", "role": "admin"}, (409, "user_is_bot")),
        ("person", {"role": "admin"}, (400, "user is missing")),
        ("person", {"user": "ada", "role": "king"}, (400, "role is one of")),
        ("person", {"user": "ada", "role": ["admin"]}, (400, "role is one of")),
        ("person", {"user": "ada", "deleted": "yes"}, (400, "deleted is true or false")),
        ("person", {"user": "ada", "email": 5}, (400, "email is no text")),
        ("users", {"name": "ada"}, (409, "name_taken")),
        ("users", {"name": "olga", "role": "boss"}, (400, "role is one of")),
        ("usergroups", {"handle": ""}, (400, "handle is missing")),
        ("usergroups", {"handle": "x", "users": "ada"}, (400, "users is a list of names")),
        ("usergroups", {"handle": "x", "users": ["nobody"]}, (409, "user_not_found")),
        ("usergroup", {"usergroup": "nothing", "add": ["ada"]}, (409, "no_such_subteam")),
        ("usergroup", {"usergroup": "data-team", "users": ["gus"], "add": ["ada"]}, (400, "users, or add and remove")),
        ("sharing", {"channel": "data-eng", "team": "T0ELSE", "do": "sell"}, (400, "do is one of")),
        ("sharing", {"channel": "data-eng", "do": "share"}, (400, "team is missing")),
        ("sharing", {"channel": "data-eng", "team": "T0SANDBOX", "do": "share"}, (409, "team_not_found")),
        ("sharing", {"channel": "data-eng", "team": "T0ELSE", "do": "unshare"}, (409, "team_not_found")),
        ("sharing", {"channel": "nowhere", "team": "T0ELSE", "do": "share"}, (409, "channel_not_found")),
        ("channels", {"name": "x", "kind": "im"}, (400, "kind is one of")),
    ],
)
async def test_refusals(served: Served, path: str, body: dict[str, Any], answer: tuple[int, str]) -> None:
    """Invalid calls, and ones that Slack wouldn't allow, change nothing."""
    before = (list(served.ws.users), list(served.ws.usergroups), served.ws.user("ada").role)
    status, error = await refused(served, path, **body)
    assert (status, error[: len(answer[1])]) == answer
    assert (list(served.ws.users), list(served.ws.usergroups), served.ws.user("ada").role) == before


async def test_direct_messages_cannot_be_shared(served: Served) -> None:
    """Direct messages can't be shared."""
    direct = served.ws.direct("U0ADA").id
    answer = await refused(served, "sharing", channel=direct, team="T0ELSE", do="share")
    assert answer == (409, "method_not_supported_for_channel_type")


async def test_an_owner_can_be_added(served: Served) -> None:
    """The control API can add an owner, and its state has everybody's role."""
    await served.control("users", name="olga", real_name="Olga Owner", role="primary_owner")
    async with served.session.get(f"{served.base_url}/control/state") as reply:
        state = await reply.json()
    roles = {user["name"]: user["role"] for user in state["users"]}
    assert roles == {"bolt": "member", "ada": "member", "grace": "admin", "gus": "guest", "olga": "primary_owner"}
    assert [(group["handle"], group["users"]) for group in state["usergroups"]] == [
        ("data-team", ["U0ADA", "U0GRACE"]),
        ("data-leads", ["U0GRACE"]),
    ]
    assert {channel["name"]: channel["shared_with"] for channel in state["channels"]} == {
        "data-eng": [],
        "analytics": [],
        "finance": [],
    }
