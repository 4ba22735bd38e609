"""Who somebody is and what a channel is: asked seldom, shared by replicas, and honest where Slack does not tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.core.policy import Kind, Person, Place, Role
from bot.sandbox.server import Sandbox
from bot.sandbox.slack import Fault
from bot.slack.client import SlackChat
from bot.slack.foreign import Home
from bot.slack.people import FRESH_S, SlackPeople
from bot.store.memory import Memory
from bot.store.scripts import Scripts

ADA, GRACE, GUS = "U0ADA", "U0GRACE", "U0GUS"
GROUPS = frozenset({"@data-team", "S0DATALEADS", "@no-such"})


@pytest.fixture
async def chat(sandbox: Sandbox) -> AsyncIterator[SlackChat]:
    """The wrapper of Slack's calls."""
    made = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api/", lambda text: text, call_s=1)
    yield made
    await made.close()


@pytest.fixture
def memory(redis_client: Redis) -> Memory:
    """What replicas share."""
    return Memory(Scripts(redis_client, "test", retention_s=1000))


def people(chat: SlackChat, memory: Memory, *, groups: frozenset[str] = GROUPS, domains: bool = True) -> SlackPeople:
    """A replica's."""
    return SlackPeople(chat, memory, home=Home("T0SANDBOX"), bot_name="@bolt", groups=groups, domains=domains)


@pytest.fixture
def of(chat: SlackChat, memory: Memory) -> SlackPeople:
    """One of them."""
    return people(chat, memory)


def asked(sandbox: Sandbox, method: str) -> int:
    """How often Slack was asked."""
    return sum(call.what == method and call.outcome == "ok" for call in sandbox.workspace.calls)


async def test_a_person_with_groups_role_and_domain(of: SlackPeople) -> None:
    """Groups are called as the policy calls them; those that there are not have no members."""
    ada = await of.person(ADA)
    assert ada.roles == frozenset({Role.MEMBER})
    assert ada.groups == frozenset({"@data-team"})
    assert ada.domain == "acme-data.example"
    assert ada.name == "ada"
    assert (await of.person(GRACE)).groups == frozenset({"@data-team", "S0DATALEADS"})
    assert await of.group("@data-team") == "S0DATATEAM"
    assert await of.group("S0DATALEADS") == "S0DATALEADS"
    assert await of.group("@no-such") is None


@pytest.mark.parametrize(
    ("role", "roles"),
    [
        ("primary_owner", {Role.OWNER, Role.ADMIN, Role.MEMBER}),
        ("owner", {Role.OWNER, Role.ADMIN, Role.MEMBER}),
        ("admin", {Role.ADMIN, Role.MEMBER}),
        ("member", {Role.MEMBER}),
        ("guest", {Role.GUEST}),
        ("single_channel_guest", {Role.GUEST}),
    ],
)
async def test_roles(of: SlackPeople, sandbox: Sandbox, role: str, roles: set[Role]) -> None:
    """An owner is an admin too, and an admin a member."""
    sandbox.workspace.user("ada").role = role  # type: ignore[assignment]
    assert (await of.person(ADA)).roles == frozenset(roles)


async def test_others_and_those_who_left(of: SlackPeople, sandbox: Sandbox) -> None:
    """Of another team: external. Deactivated: nothing at all."""
    stranger = sandbox.workspace.add_user("zoe", team="T0OTHER")
    assert (await of.person(stranger.id)).roles == frozenset({Role.EXTERNAL})
    sandbox.workspace.user("gus").deleted = True
    assert (await of.person(GUS)).roles == frozenset()


async def test_channels(of: SlackPeople, sandbox: Sandbox) -> None:
    """Name, kind, and whether others look in; a direct message needs no call."""
    assert await of.place("C0DATAENG") == Place("C0DATAENG", "data-eng", Kind.PUBLIC, shared=False)
    sandbox.workspace.channel("finance").members.append(sandbox.workspace.bot.id)
    await sandbox.slack.admin.share("finance", "T0OTHER")
    assert await of.place("C0FINANCE") == Place("C0FINANCE", "finance", Kind.PRIVATE, shared=True)
    before = asked(sandbox, "conversations.info")
    assert await of.place("D0ANY") == Place("D0ANY", "", Kind.DIRECT, shared=False)
    assert await of.place("") == Place("", "", Kind.DIRECT, shared=False)
    assert asked(sandbox, "conversations.info") == before


async def test_a_group_direct_message_without_the_bot(of: SlackPeople, sandbox: Sandbox) -> None:
    """Nobody can invite an app to one, so what is possible is said instead. Only a payload tells which channel is one."""
    sandbox.workspace.add_channel("mpdm-ada--grace-1", "mpim", [ADA, GRACE], channel_id="C0MPIM")
    assert "/invite" in (await of.place("C0MPIM")).why
    await of.note_group_message("C0MPIM")
    place = await of.place("C0MPIM")
    assert (place.kind, place.shared) == (None, None)
    assert "/invite" not in place.why
    assert place.why.endswith("type it in a channel, or in a direct message with me")


async def test_a_private_channel_without_the_bot(of: SlackPeople) -> None:
    """How to mend it."""
    place = await of.place("C0FINANCE")
    assert (place.kind, place.shared) == (None, None)
    assert place.why == "I can't post in this channel: invite me with /invite @bolt, then try again"


@pytest.mark.parametrize(
    ("scope", "unknown", "why"),
    [
        ("users:read", "roles", "the scope users:read is missing"),
        ("usergroups:read", "groups", "the scope usergroups:read is missing"),
        ("users:read.email", "domain", "the scope users:read.email is missing"),
    ],
)
async def test_a_scope_is_missing(of: SlackPeople, sandbox: Sandbox, scope: str, unknown: str, why: str) -> None:
    """What it would tell is not known, and it is said why."""
    sandbox.workspace.scopes.discard(scope)
    ada = await of.person(ADA)
    assert getattr(ada, unknown) is None
    assert why in ada.why


async def test_without_groups_in_the_policy_nobody_asks_for_them(
    chat: SlackChat, memory: Memory, sandbox: Sandbox
) -> None:
    """Nor for addresses."""
    sandbox.workspace.scopes -= {"usergroups:read", "users:read.email"}
    ada = await people(chat, memory, groups=frozenset(), domains=False).person(ADA)
    assert ada == Person(ADA, frozenset({Role.MEMBER}), frozenset(), None, name="ada")
    assert asked(sandbox, "usergroups.list") == 0


async def test_slack_is_asked_once_for_all(chat: SlackChat, memory: Memory, sandbox: Sandbox) -> None:
    """However many ask at once, in however many replicas afterwards."""
    one, other = people(chat, memory), people(chat, memory)
    await asyncio.gather(*(one.person(ADA) for _ in range(20)), *(one.place("C0DATAENG") for _ in range(20)))
    await other.person(ADA)
    await other.place("C0DATAENG")
    for method in ("users.info", "usergroups.list", "conversations.info"):
        assert asked(sandbox, method) == 1


async def test_what_was_told_is_forgotten_after_minutes(of: SlackPeople, redis_client: Redis) -> None:
    """Each of it."""
    await of.person(ADA)
    await of.place("C0DATAENG")
    keys = await redis_client.keys()
    assert len(keys) == 3
    for key in keys:
        assert 0 < await redis_client.pttl(key) <= FRESH_S * 1000


async def test_a_change_is_known_at_once_in_every_replica(chat: SlackChat, memory: Memory, sandbox: Sandbox) -> None:
    """An answer that was on its way when the change was told is not kept either."""
    one, other = people(chat, memory), people(chat, memory)
    assert (await other.person(GRACE)).groups == frozenset({"@data-team", "S0DATALEADS"})
    sandbox.workspace.faults.add(Fault("slow", "conversations.info", delay_s=0.3))
    late = asyncio.create_task(one.place("C0DATAENG"))
    await sandbox.workspace.until(lambda: any(call.what == "conversations.info" for call in sandbox.workspace.calls))
    sandbox.workspace.usergroups["S0DATALEADS"].users = [ADA]
    await other.forget_groups()
    await other.forget_place("C0DATAENG")
    await late
    assert (await one.person(GRACE)).groups == frozenset({"@data-team"})
    await other.place("C0DATAENG")
    assert asked(sandbox, "conversations.info") == 2


async def test_a_fresh_look_does_not_believe_what_is_kept(of: SlackPeople, sandbox: Sandbox) -> None:
    """Of user groups: who approves is looked up anew."""
    await of.person(GRACE)
    sandbox.workspace.usergroups["S0DATALEADS"].users = [ADA]
    assert "S0DATALEADS" in ((await of.person(GRACE)).groups or ())
    assert "S0DATALEADS" not in ((await of.person(GRACE, fresh=True)).groups or ())


async def test_a_fault_is_not_kept(of: SlackPeople, sandbox: Sandbox) -> None:
    """The next one asks again."""
    sandbox.workspace.faults.add(Fault("error", "users.info"))
    assert (await of.person(ADA)).roles is None
    assert (await of.person(ADA)).roles == frozenset({Role.MEMBER})


async def test_whoever_gives_up_waiting_leaves_the_answer_to_others(of: SlackPeople, sandbox: Sandbox) -> None:
    """The call goes on, and what it brings is kept."""
    sandbox.workspace.faults.add(Fault("slow", "users.info", delay_s=0.5))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await of.person(ADA)
    assert (await of.person(ADA)).roles == frozenset({Role.MEMBER})
    assert asked(sandbox, "users.info") == 1
