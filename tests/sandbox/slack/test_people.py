"""People as users.info returns them: roles, addresses, guests, people of other organizations; and user groups."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from .conftest import Served
from .test_web_api import refusal

FLAGS = ("is_primary_owner", "is_owner", "is_admin", "is_restricted", "is_ultra_restricted")


async def told(served: Served, user: str, **arguments: bool) -> dict[str, Any]:
    """A user by name, as users.info returns them."""
    reply = await served.client.users_info(user=served.ws.user(user).id, **arguments)
    shape: dict[str, Any] = reply["user"]
    return shape


@pytest.mark.parametrize(
    ("role", "flags"),
    [
        ("primary_owner", {"is_primary_owner", "is_owner", "is_admin"}),
        ("owner", {"is_owner", "is_admin"}),
        ("admin", {"is_admin"}),
        ("member", set()),
        ("guest", {"is_restricted"}),
        ("single_channel_guest", {"is_restricted", "is_ultra_restricted"}),
    ],
)
async def test_roles(served: Served, role: str, flags: set[str]) -> None:
    """An owner is also an admin, and a single-channel guest is also a guest; every person has all flags."""
    await served.control("person", user="ada", role=role)
    ada = await told(served, "ada")
    assert {flag for flag in FLAGS if ada[flag]} == flags
    assert set(FLAGS) <= set(ada)


async def test_who_is_there_at_first(served: Served) -> None:
    """At first, there's a member, an admin, a guest and the bot."""
    people = {each["name"]: each for each in (await served.client.users_list())["members"]}
    flags = {name: {flag for flag in FLAGS if each[flag]} for name, each in people.items()}
    assert flags == {"bolt": set(), "ada": set(), "grace": {"is_admin"}, "gus": {"is_restricted"}}
    assert [name for name, each in people.items() if each["is_bot"]] == ["bolt"]


async def test_an_address_wants_both_scopes(served: Served) -> None:
    """Without users:read.email, a person and the list have no addresses; without users:read, every call is refused."""
    assert (await told(served, "ada"))["profile"]["email"] == "ada@acme-data.example"
    assert "email" not in (await told(served, "bolt"))["profile"]
    await served.control("person", user="ada", email="countess@acme.example")
    assert (await told(served, "ada"))["profile"]["email"] == "countess@acme.example"
    served.ws.scopes.discard("users:read.email")
    assert "email" not in (await told(served, "ada"))["profile"]
    assert all("email" not in each["profile"] for each in (await served.client.users_list())["members"])
    served.ws.scopes.add("users:read.email")
    served.ws.scopes.discard("users:read")
    assert await refusal(served.client.users_info(user="U0ADA")) == "missing_scope"


async def test_an_address_is_one_persons_in_a_team(served: Served) -> None:
    """An address is unique within a team; somebody in another organization may have the same one."""
    await served.control("users", name="eve", team="T0ELSE")
    taken = {"user": "grace", "email": "ada@acme-data.example"}
    async with served.session.post(f"{served.base_url}/control/person", json=taken) as reply:
        assert (reply.status, (await reply.json())["error"]) == (409, "email_taken")
    await served.control("person", user="eve", email="ada@acme-data.example")
    assert (await told(served, "eve"))["profile"]["email"] == "ada@acme-data.example"
    await served.control("person", user="ada", email="")
    assert "email" not in (await told(served, "ada"))["profile"]


async def test_people_of_other_organizations(served: Served) -> None:
    """People of other organizations have another team and no roles, and are strangers until they share a channel."""
    await served.control("users", name="eve", team="T0ELSE")
    eve = await told(served, "eve", include_locale=True)
    assert (eve["team_id"], eve["profile"]["team"], eve["is_stranger"]) == ("T0ELSE", "T0ELSE", True)
    assert not {*FLAGS, "locale"} & set(eve)
    await served.control("members", channel="analytics", user="eve", do="invite")
    assert (await told(served, "eve"))["is_stranger"] is True, "the bot is not in there"
    await served.control("members", channel="data-eng", user="eve", do="invite")
    assert (await told(served, "eve"))["is_stranger"] is False
    ada = await told(served, "ada", include_locale=True)
    assert (ada["team_id"], ada["locale"]) == (served.ws.team_id, "en-GB")
    assert "is_stranger" not in ada


async def test_an_owner_of_another_organization_is_none_here(served: Served) -> None:
    """An owner of another organization has the owner flag too, so an app must check the team."""
    await served.control("users", name="eve", team="T0ELSE", role="owner")
    eve = await told(served, "eve")
    assert (eve["is_owner"], eve["team_id"]) == (True, "T0ELSE")


async def test_deactivated_people(served: Served) -> None:
    """Deactivated people are marked, can do nothing and can't be written to, until they're activated again."""
    await served.control("person", user="ada", deleted=True)
    assert (await told(served, "ada"))["deleted"] is True
    for path, body in (
        ("slash", {"user": "ada", "channel": "data-eng", "text": "x"}),
        ("say", {"user": "ada", "channel": "data-eng", "text": "x"}),
        ("home", {"user": "ada"}),
        ("shortcut", {"user": "ada", "callback_id": "short"}),
    ):
        async with served.session.post(f"{served.base_url}/control/{path}", json=body) as reply:
            assert (reply.status, (await reply.json())["error"]) == (409, "account_inactive"), path
    whisper = served.client.chat_postEphemeral(channel="C0DATAENG", user="U0ADA", text="x")
    assert await refusal(whisper) == "user_not_in_channel"
    assert await refusal(served.client.conversations_open(users="U0ADA")) == "user_disabled"
    await served.control("person", user="ada", deleted=False)
    assert (await served.client.conversations_open(users="U0ADA"))["ok"]
    assert await served.people.say("ada", "data-eng", "back again")


async def test_user_groups(served: Served) -> None:
    """User groups are listed with members and counts only on request; disabled groups also have to be requested."""
    first, second = (await served.client.usergroups_list())["usergroups"]
    assert (first["id"], second["id"], second["handle"]) == ("S0DATATEAM", "S0DATALEADS", "data-leads")
    assert not {"users", "user_count"} & set(first)
    groups = (await served.client.usergroups_list(include_users=True, include_count=True))["usergroups"]
    assert [(each["users"], each["user_count"]) for each in groups] == [(["U0ADA", "U0GRACE"], 2), (["U0GRACE"], 1)]
    await served.control("usergroup", usergroup="data-leads", disabled=True)
    left = (await served.client.usergroups_list(include_users=True))["usergroups"]
    assert [each["handle"] for each in left] == ["data-team"]
    assert await refusal(served.client.usergroups_users_list(usergroup="S0DATALEADS")) == "no_such_subteam"
    all_of_them = (await served.client.usergroups_list(include_disabled=True))["usergroups"]
    assert [bool(each["date_delete"]) for each in all_of_them] == [False, True]
    members = await served.client.usergroups_users_list(usergroup="S0DATALEADS", include_disabled=True)
    assert members["users"] == ["U0GRACE"]


@pytest.mark.parametrize(
    ("scope", "method", "arguments"),
    [
        ("users:read", "users.info", {"user": "U0ADA"}),
        ("usergroups:read", "usergroups.list", {"include_users": "true"}),
        ("usergroups:read", "usergroups.users.list", {"usergroup": "S0DATATEAM"}),
        ("channels:read", "conversations.info", {"channel": "C0DATAENG"}),
        ("groups:read", "conversations.info", {"channel": "C0PRIVATE"}),
        ("mpim:read", "conversations.info", {"channel": "C0MPIM"}),
        ("im:read", "conversations.info", {"channel": "D0ADA"}),
    ],
)
async def test_each_asks_for_its_scope(served: Served, scope: str, method: str, arguments: dict[str, str]) -> None:
    """Each method needs its scope, which may depend on the channel's kind; refusals name those needed and provided."""
    bot = served.ws.bot.id
    served.ws.add_channel("board", "private", [bot, "U0ADA"], channel_id="C0PRIVATE")
    served.ws.add_channel("mpdm-ada--grace--bolt-1", "mpim", [bot, "U0ADA", "U0GRACE"], channel_id="C0MPIM")
    served.ws.add_channel("", "im", [bot, "U0ADA"], channel_id="D0ADA")
    assert (await served.client.api_call(method, params=arguments))["ok"]
    served.ws.scopes.discard(scope)
    with pytest.raises(SlackApiError) as caught:
        await served.client.api_call(method, params=arguments)
    refused = caught.value.response
    assert (refused["error"], refused["needed"]) == ("missing_scope", scope)
    assert set(refused["provided"].split(",")) == served.ws.scopes


async def test_without_any_scope_for_conversations_nothing_is_told(served: Served) -> None:
    """Without any scope for conversations, a refusal doesn't even show whether there is such a conversation."""
    needed = "channels:read,groups:read,mpim:read,im:read"
    served.ws.scopes -= set(needed.split(","))
    for channel in ("C0DATAENG", "C0NOWHERE"):
        with pytest.raises(SlackApiError) as caught:
            await served.client.conversations_info(channel=channel)
        assert caught.value.response["needed"] == needed


async def test_a_private_conversation_without_the_bot_is_not_there(served: Served) -> None:
    """A private conversation without the bot is reported like one that doesn't exist."""
    served.ws.add_channel("mpdm-ada--grace-1", "mpim", ["U0ADA", "U0GRACE"], channel_id="C0MPIM")
    for channel in ("C0FINANCE", "C0MPIM", "C0NOWHERE"):
        assert await refusal(served.client.conversations_info(channel=channel)) == "channel_not_found"
    await served.control("members", channel="finance", do="invite")
    shape = (await served.client.conversations_info(channel="C0FINANCE"))["channel"]
    assert (shape["is_private"], shape["is_mpim"], shape["is_ext_shared"]) == (True, False, False)


async def test_a_group_direct_message(served: Served) -> None:
    """A group direct message is private, has its own flag, and is listed on request."""
    made = await served.control("channels", name="mpdm-1", kind="mpim", members=["ada", "grace", "bolt"])
    shape = (await served.client.conversations_info(channel=str(made["channel"]), include_num_members=True))["channel"]
    assert (shape["is_mpim"], shape["is_private"], shape["is_im"], shape["num_members"]) == (True, True, False, 3)
    listed = await served.client.conversations_list(types="mpim")
    assert [each["id"] for each in listed["channels"]] == [made["channel"]]
    assert (await served.client.chat_postMessage(channel=str(made["channel"]), text="x"))["ok"]


async def test_the_number_of_members_is_told_where_asked_for(served: Served) -> None:
    """conversations.info returns the number of members on request."""
    assert "num_members" not in (await served.client.conversations_info(channel="C0DATAENG"))["channel"]
    shape = (await served.client.conversations_info(channel="C0DATAENG", include_num_members=True))["channel"]
    assert shape["num_members"] == 4


@pytest.mark.parametrize(
    ("at", "zone", "label", "offset"),
    [
        (1_700_000_000, "Europe/Amsterdam", "Central European Time", 3600),
        (1_690_000_000, "Europe/Berlin", "Central European Summer Time", 7200),
        (1_690_000_000, "America/New_York", "Eastern Daylight Time", -14_400),
        (1_700_000_000, "Australia/Lord_Howe", "+11", 39_600),
        (1_690_000_000, "Australia/Lord_Howe", "+1030", 37_800),
    ],
)
async def test_time_zones(served: Served, at: float, zone: str, label: str, offset: int) -> None:
    """A person's data has the time zone's name, its current offset and its label."""
    served.clock.now = at
    await served.control("person", user="ada", tz=zone)
    ada = await told(served, "ada")
    assert (ada["tz"], ada["tz_label"], ada["tz_offset"]) == (zone, label, offset)


async def test_a_person_by_address(served: Served) -> None:
    """Lookup by address ignores case and needs its scope; deactivated people and strangers aren't found."""
    found = (await served.client.users_lookupByEmail(email="ADA@acme-data.example"))["user"]
    assert (found["id"], found["profile"]["email"]) == ("U0ADA", "ada@acme-data.example")
    assert found["tz"] == "Europe/Amsterdam"
    await served.control("users", name="eve", team="T0ELSE")
    for email in ("nobody@acme-data.example", served.ws.user("eve").email):
        assert await refusal(served.client.users_lookupByEmail(email=email)) == "users_not_found"
    await served.control("person", user="ada", deleted=True)
    assert await refusal(served.client.users_lookupByEmail(email="ada@acme-data.example")) == "users_not_found"
    served.ws.scopes.discard("users:read.email")
    assert await refusal(served.client.users_lookupByEmail(email="grace@acme-data.example")) == "missing_scope"


async def test_lookups_are_limited(served: Served) -> None:
    """Lookups by address are limited to 50 a minute, as in tier 3."""
    served.ws.rates.enabled = True
    for _time in range(50):
        await served.client.users_lookupByEmail(email="ada@acme-data.example")
    assert await refusal(served.client.users_lookupByEmail(email="ada@acme-data.example")) == "ratelimited"


async def test_which_app_a_bot_belongs_to(served: Served) -> None:
    """bots.info returns a bot's app, and needs the scope for people."""
    served.ws.add_user("other", bot=True)
    apps = {
        user.name: (await served.client.bots_info(bot=user.bot_id))["bot"]["app_id"]
        for user in served.ws.users.values()
        if user.bot_id
    }
    assert apps == {"bolt": served.ws.app_id, "other": served.ws.other_app_id}
    assert await refusal(served.client.bots_info(bot="B0")) == "bot_not_found"
    served.ws.scopes.discard("users:read")
    assert await refusal(served.client.bots_info(bot=served.ws.bot.bot_id)) == "missing_scope"
