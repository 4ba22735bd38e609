"""Facts about people and channels: rarely requested, shared by replicas, and marked if unknown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

import pytest
from redis.asyncio import Redis

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Fault
from bolt_sandbox.slack.faults import FaultKind
from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.person import Person, Role
from bot.slack.affiliation import Installation
from bot.slack.client import SlackChat
from bot.slack.directory_entries import PEOPLE_LIST, KnownPerson, person_entry, read_person
from bot.slack.people import GROUPS_FRESH_S, KEPT_S, ROLE_S, Needs, SlackPeople
from bot.store.directory_cache import DirectoryCache
from bot.store.scripts import Scripts
from tests.waiting import seen

ADA, GRACE, GUS = "U0ADA", "U0GRACE", "U0GUS"
GROUPS = frozenset({"@data-team", "S0DATALEADS", "@no-such"})
KEPT = ("groups", "people2", "place:C0DATAENG", "place:C0ANALYTICS")


@pytest.fixture
async def chat(sandbox: Sandbox) -> AsyncIterator[SlackChat]:
    """The wrapper around Slack's calls."""
    made = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api/", lambda text: text, call_s=10)
    yield made
    await made.close()


@pytest.fixture
def memory(redis_client: Redis) -> DirectoryCache:
    """The cache that replicas share."""
    return DirectoryCache(Scripts(redis_client, "test", retention_s=1000))


@dataclass(slots=True)
class Clock:
    """Unix time that stands still until a test moves it."""

    now: float

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that a test moves."""
    return Clock(time.time())


def people(
    chat: SlackChat,
    memory: DirectoryCache,
    *,
    groups: frozenset[str] = GROUPS,
    domains: bool = True,
    clock: Callable[[], float] = time.time,
) -> SlackPeople:
    """A replica's lookup of people and channels."""
    return SlackPeople(
        chat,
        memory,
        installation=Installation("T0SANDBOX"),
        bot_name="@bolt",
        needs=lambda: Needs(groups, domains),
        now=clock,
    )


@pytest.fixture
def of(chat: SlackChat, memory: DirectoryCache) -> SlackPeople:
    """One replica's lookup."""
    return people(chat, memory)


def asked(sandbox: Sandbox, method: str) -> int:
    """How many times Slack was asked."""
    return sum(call.what == method and call.outcome == "ok" for call in sandbox.workspace.calls)


async def test_a_person_with_groups_role_and_domain(of: SlackPeople) -> None:
    """A person's groups have the names from the policy, and a group that doesn't exist has no members."""
    ada = await of.person(ADA)
    assert ada.roles == frozenset({Role.MEMBER})
    assert ada.groups == frozenset({"@data-team"})
    assert ada.domain == "acme-data.example"
    assert ada.name == "ada"
    assert (await of.person(GRACE)).groups == frozenset({"@data-team", "S0DATALEADS"})
    assert await of.group("@data-team") == "S0DATATEAM"
    assert await of.group("S0DATALEADS") == "S0DATALEADS"
    assert await of.group("@no-such") is None


async def test_a_new_policys_groups_are_read_at_once(chat: SlackChat, memory: DirectoryCache, sandbox: Sandbox) -> None:
    """A new policy's groups are read at once, together with those asked for before, whether or not they exist."""
    before, after = people(chat, memory, groups=frozenset({"@no-such"})), people(chat, memory)
    for _ in range(2):
        assert (await before.person(GRACE)).groups == frozenset()
    assert asked(sandbox, "usergroups.list") == 1
    for _ in range(2):
        assert (await after.person(GRACE)).groups == frozenset({"@data-team", "S0DATALEADS"})
        assert (await before.person(GRACE)).groups == frozenset({"@data-team", "S0DATALEADS"})
    assert asked(sandbox, "usergroups.list") == 2


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
    """An owner is also an admin and a member, and an admin is also a member."""
    sandbox.workspace.user("ada").role = role  # type: ignore[assignment]
    assert (await of.person(ADA)).roles == frozenset(roles)


async def test_others_and_those_who_left(of: SlackPeople, sandbox: Sandbox) -> None:
    """A person from another team is external, and a deactivated one has no role."""
    stranger = sandbox.workspace.add_user("zoe", team="T0OTHER")
    assert (await of.person(stranger.id)).roles == frozenset({Role.EXTERNAL})
    sandbox.workspace.user("gus").deleted = True
    assert (await of.person(GUS)).roles == frozenset()


async def test_channels(of: SlackPeople, sandbox: Sandbox) -> None:
    """Slack gives a channel's name and kind, and whether it's shared; a direct message needs no call."""
    assert await of.channel("C0DATAENG") == ChannelInfo("C0DATAENG", "data-eng", ChannelKind.PUBLIC, shared=False)
    sandbox.workspace.channel("finance").members.append(sandbox.workspace.bot.id)
    await sandbox.slack.admin.share("finance", "T0OTHER")
    assert await of.channel("C0FINANCE") == ChannelInfo("C0FINANCE", "finance", ChannelKind.PRIVATE, shared=True)
    before = asked(sandbox, "conversations.info")
    assert await of.channel("D0ANY") == ChannelInfo("D0ANY", "", ChannelKind.DIRECT, shared=False)
    assert await of.channel("") == ChannelInfo("", "", ChannelKind.DIRECT, shared=False)
    assert asked(sandbox, "conversations.info") == before


async def test_a_group_direct_message_without_the_bot(of: SlackPeople, sandbox: Sandbox) -> None:
    """A group direct message is known as such only from a payload; then, the reason doesn't suggest an invitation."""
    sandbox.workspace.add_channel("mpdm-ada--grace-1", "mpim", [ADA, GRACE], channel_id="C0MPIM")
    assert "/invite" in (await of.channel("C0MPIM")).why
    await of.note_group_message("C0MPIM")
    channel_info = await of.channel("C0MPIM")
    assert (channel_info.kind, channel_info.shared) == (None, None)
    assert "/invite" not in channel_info.why
    assert channel_info.why.endswith("Type the command in a channel, or in a direct message with me")


async def test_a_private_channel_without_the_bot(of: SlackPeople) -> None:
    """For a private channel without the bot, the reason says how to invite it."""
    channel_info = await of.channel("C0FINANCE")
    assert (channel_info.kind, channel_info.shared) == (None, None)
    assert channel_info.why == "I can't post in this channel. Invite me with /invite @bolt, then try again"


@pytest.mark.parametrize(
    ("scope", "unknown", "why"),
    [
        ("users:read", "roles", "the scope users:read is missing"),
        ("usergroups:read", "groups", "the scope usergroups:read is missing"),
        ("users:read.email", "domain", "the scope users:read.email is missing"),
    ],
)
async def test_a_scope_is_missing(of: SlackPeople, sandbox: Sandbox, scope: str, unknown: str, why: str) -> None:
    """Without its scope, a fact is unknown, and the reason names the scope."""
    sandbox.workspace.scopes.discard(scope)
    ada = await of.person(ADA)
    assert getattr(ada, unknown) is None
    assert why in ada.why


async def test_without_groups_in_the_policy_nobody_asks_for_them(
    chat: SlackChat, memory: DirectoryCache, sandbox: Sandbox
) -> None:
    """Without groups or domains in the policy, neither groups nor addresses are looked up."""
    sandbox.workspace.scopes -= {"usergroups:read", "users:read.email"}
    ada = await people(chat, memory, groups=frozenset(), domains=False).person(ADA)
    assert ada == Person(ADA, frozenset({Role.MEMBER}), frozenset(), None, name="ada", time_zone="Europe/Amsterdam")
    assert asked(sandbox, "usergroups.list") == 0


async def test_slack_is_asked_once_for_all(chat: SlackChat, memory: DirectoryCache, sandbox: Sandbox) -> None:
    """Slack is asked once, however many callers ask at the same time or later in another replica."""
    one, other = people(chat, memory), people(chat, memory)
    await asyncio.gather(*(one.person(ADA) for _ in range(20)), *(one.channel("C0DATAENG") for _ in range(20)))
    await other.person(ADA)
    await other.channel("C0DATAENG")
    for method in ("users.info", "usergroups.list", "conversations.info"):
        assert asked(sandbox, method) == 1


async def test_how_long_what_was_said_is_kept(of: SlackPeople, sandbox: Sandbox, redis_client: Redis) -> None:
    """Groups and channels without the bot are cached for minutes, and channels with the bot for up to a day."""
    await of.person(ADA)
    await of.channel("C0DATAENG")
    await of.channel("C0ANALYTICS")
    left_s = {name: await redis_client.pttl(f"{{bolt:test}}:told:{name}") / 1000 for name in KEPT}
    assert 0 < left_s["groups"] <= GROUPS_FRESH_S
    assert 0 < left_s["place:C0ANALYTICS"] <= GROUPS_FRESH_S
    assert GROUPS_FRESH_S < left_s["place:C0DATAENG"] <= KEPT_S
    assert KEPT_S < left_s["people2"] <= 2 * KEPT_S
    assert asked(sandbox, "conversations.info") == 2


async def test_a_role_older_than_an_hour_is_asked_for_before_somebody_acts(
    chat: SlackChat, memory: DirectoryCache, sandbox: Sandbox, clock: Clock
) -> None:
    """Before somebody acts, a role older than an hour is looked up again; for reading, a role is good for a day."""
    one = people(chat, memory, clock=clock)
    assert Role.MEMBER in ((await one.person(ADA, acts=True)).roles or ())
    sandbox.workspace.user("ada").role = "guest"
    clock.now += ROLE_S - 1
    assert (await one.person(ADA, acts=True)).roles == frozenset({Role.MEMBER})
    clock.now += 2
    assert (await one.person(ADA)).roles == frozenset({Role.MEMBER})
    assert (await one.person(ADA, acts=True)).roles == frozenset({Role.GUEST})
    sandbox.workspace.user("ada").role = "member"
    clock.now += KEPT_S + 1
    assert (await one.person(ADA)).roles == frozenset({Role.MEMBER})


async def test_a_fresh_look_asks_for_the_role(chat: SlackChat, memory: DirectoryCache, sandbox: Sandbox) -> None:
    """A fresh lookup ignores the cached role, and updates it for every replica."""
    one, other = people(chat, memory), people(chat, memory)
    await one.person(ADA)
    sandbox.workspace.user("ada").role = "guest"
    assert (await one.person(ADA)).roles == frozenset({Role.MEMBER})
    assert (await one.person(ADA, fresh=True)).roles == frozenset({Role.GUEST})
    assert (await other.person(ADA)).roles == frozenset({Role.GUEST})


@pytest.mark.parametrize("kind", ["ratelimited", "http_500", "drop_before"])
async def test_what_is_known_serves_while_slack_does_not_answer(
    chat: SlackChat, memory: DirectoryCache, sandbox: Sandbox, clock: Clock, kind: FaultKind
) -> None:
    """If Slack doesn't answer, old facts are used; facts that were never known can be requested again later."""
    one = people(chat, memory, clock=clock, groups=frozenset())
    await one.person(ADA)
    await one.channel("C0DATAENG")
    sandbox.workspace.faults.add(Fault(kind, "users.info", count=None))
    sandbox.workspace.faults.add(Fault(kind, "conversations.info", count=None))
    clock.now += ROLE_S + 1
    assert (await one.person(ADA, acts=True)).roles == frozenset({Role.MEMBER})
    assert (await one.channel("C0DATAENG")).shared is False
    unknown = await one.person(GRACE, acts=True)
    assert unknown.roles is None
    assert unknown.again_s > 0
    assert (await one.channel("C0ANALYTICS")).again_s > 0


async def test_a_scope_that_was_taken_away_is_no_reason_to_believe_what_is_known(
    chat: SlackChat, memory: DirectoryCache, sandbox: Sandbox, clock: Clock
) -> None:
    """Without the scope to read roles, an old role doesn't permit an action, and asking again wouldn't help."""
    one = people(chat, memory, clock=clock, groups=frozenset())
    await one.person(ADA)
    sandbox.workspace.scopes.discard("users:read")
    clock.now += ROLE_S + 1
    ada = await one.person(ADA, acts=True)
    assert (ada.roles, ada.again_s) == (None, 0)


async def test_a_policy_that_names_addresses_asks_for_those_that_were_not_kept(
    chat: SlackChat, memory: DirectoryCache, sandbox: Sandbox
) -> None:
    """An address that wasn't cached is looked up once the policy names a domain."""
    entry = person_entry(KnownPerson(frozenset({Role.MEMBER}), None, time.time(), has_domain=False))
    await memory.keep_people(PEOPLE_LIST, {ADA: entry})
    await people(chat, memory, domains=False).person(ADA)
    assert asked(sandbox, "users.info") == 0
    assert (await people(chat, memory, domains=True).person(ADA)).domain == "acme-data.example"


@pytest.mark.parametrize("zone", ["America/Argentina/Buenos_Aires", "Etc/GMT+3", ""])
def test_an_entry_has_all_that_is_known(zone: str) -> None:
    """A cached entry keeps every fact, whatever the name contains, except an invalid time zone."""
    known = KnownPerson(frozenset({Role.MEMBER}), "x.test", 1.0, has_domain=True, name="a:b", time_zone=zone)
    assert read_person(person_entry(known)) == known
    odd = read_person(person_entry(replace(known, time_zone="a:b c")))
    assert odd == replace(known, time_zone="")


async def test_a_channel_that_was_joined_needs_no_question(of: SlackPeople, chat: SlackChat, sandbox: Sandbox) -> None:
    """A channel that was just joined needs no call, because joining returns its facts."""
    chat.joined = of.joined
    await chat.join_channel("C0ANALYTICS")
    assert await of.channel("C0ANALYTICS") == ChannelInfo("C0ANALYTICS", "analytics", ChannelKind.PUBLIC, shared=False)
    assert asked(sandbox, "conversations.info") == 0


async def test_a_change_is_known_at_once_in_every_replica(
    chat: SlackChat, memory: DirectoryCache, sandbox: Sandbox
) -> None:
    """A change is known in every replica at once, and a response that was already on its way isn't cached."""
    one, other = people(chat, memory), people(chat, memory)
    assert (await other.person(GRACE)).groups == frozenset({"@data-team", "S0DATALEADS"})
    sandbox.workspace.faults.add(Fault("slow", "conversations.info", delay_s=0.3))
    late = asyncio.create_task(one.channel("C0DATAENG"))
    await seen(sandbox.workspace, lambda: any(call.what == "conversations.info" for call in sandbox.workspace.calls))
    sandbox.workspace.usergroups["S0DATALEADS"].users = [ADA]
    await other.forget_groups()
    await other.forget_channel("C0DATAENG")
    await late
    assert (await one.person(GRACE)).groups == frozenset({"@data-team"})
    await other.channel("C0DATAENG")
    assert asked(sandbox, "conversations.info") == 2


async def test_a_fresh_look_does_not_believe_what_is_kept(of: SlackPeople, sandbox: Sandbox) -> None:
    """A fresh lookup reads the user groups again, so that approvers are up to date."""
    await of.person(GRACE)
    sandbox.workspace.usergroups["S0DATALEADS"].users = [ADA]
    assert "S0DATALEADS" in ((await of.person(GRACE)).groups or ())
    assert "S0DATALEADS" not in ((await of.person(GRACE, fresh=True)).groups or ())


async def test_a_fault_is_not_kept(of: SlackPeople, sandbox: Sandbox) -> None:
    """A fault isn't cached, so the next lookup asks again."""
    sandbox.workspace.faults.add(Fault("error", "users.info"))
    assert (await of.person(ADA)).roles is None
    assert (await of.person(ADA)).roles == frozenset({Role.MEMBER})


async def test_whoever_gives_up_waiting_leaves_the_answer_to_others(of: SlackPeople, sandbox: Sandbox) -> None:
    """If a caller gives up waiting, the call goes on, and its result is cached for others."""
    sandbox.workspace.faults.add(Fault("slow", "users.info", delay_s=0.5))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await of.person(ADA)
    assert (await of.person(ADA)).roles == frozenset({Role.MEMBER})
    assert asked(sandbox, "users.info") == 1
