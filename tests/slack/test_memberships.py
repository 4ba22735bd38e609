"""A person's channels: requested seldom; anything that Slack doesn't return is marked as missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Fault
from bot.slack import memberships
from bot.slack.client import SlackChat
from bot.slack.memberships import (
    AGAIN_S,
    CHANNELS_FRESH_S,
    JUST_S,
    NO_PRIVATE,
    NO_SCOPE,
    NOT_TOLD,
    PEOPLE_MOST,
    SlackMemberships,
)

ADA, GUS = "U0ADA", "U0GUS"


@dataclass
class Clock:
    """A monotonic clock that stands still until a test moves it."""

    now: float = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that the test sets."""
    return Clock()


@pytest.fixture
async def of(sandbox: Sandbox, clock: Clock) -> AsyncIterator[SlackMemberships]:
    """The memberships, as the sandbox's Slack returns them."""
    chat = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api/", lambda text: text, call_s=10)
    yield SlackMemberships(chat, clock)
    await chat.close()


def asked(sandbox: Sandbox) -> int:
    """How many times Slack was asked."""
    return sum(call.what == "users.conversations" for call in sandbox.workspace.calls)


async def test_public_channels_and_the_private_ones_that_the_bot_shares(of: SlackMemberships, sandbox: Sandbox) -> None:
    """A person's public channels are listed by name, with private ones that the bot is in, but no archived ones."""
    channels = await of.channels_of(ADA)
    assert (dict(channels.names), channels.whole, channels.missing) == (
        {"C0DATAENG": "data-eng", "C0ANALYTICS": "analytics"},
        True,
        "",
    )
    sandbox.workspace.channel("finance").members.append(sandbox.workspace.bot.id)
    sandbox.workspace.channel("analytics").is_archived = True
    assert set((await of.channels_of("U0GRACE")).names) == {"C0DATAENG", "C0FINANCE"}
    assert set((await of.channels_of(GUS)).names) == {"C0DATAENG"}


async def test_slack_is_asked_once_in_some_minutes(of: SlackMemberships, sandbox: Sandbox, clock: Clock) -> None:
    """Slack is asked about each person only once every few minutes."""
    for _ in range(5):
        await of.channels_of(ADA)
    assert asked(sandbox) == 1
    clock.now += CHANNELS_FRESH_S + 1
    sandbox.workspace.channel("data-eng").members.remove(ADA)
    assert "C0DATAENG" not in (await of.channels_of(ADA)).names
    assert asked(sandbox) == 2


@pytest.mark.parametrize(
    ("missing", "names", "told"),
    [
        ({"groups:read"}, {"C0DATAENG", "C0ANALYTICS"}, NO_PRIVATE),
        ({"channels:read", "groups:read"}, set(), NO_SCOPE),
    ],
)
async def test_a_missing_scope_is_told(
    of: SlackMemberships, sandbox: Sandbox, missing: set[str], names: set[str], told: str
) -> None:
    """A missing scope is reported with what can still be read, and asked about again only after some minutes."""
    sandbox.workspace.scopes -= missing
    channels = await of.channels_of(ADA)
    assert (set(channels.names), channels.whole, channels.missing) == (names, False, told)
    await of.channels_of(ADA)
    assert asked(sandbox) == 2


async def test_whoever_has_just_come_in_is_seen_where_it_matters(
    of: SlackMemberships, sandbox: Sandbox, clock: Clock
) -> None:
    """A list that is some seconds old is used, unless somebody would be refused because of it."""
    await of.channels_of(GUS)
    sandbox.workspace.channel("analytics").members.append(GUS)
    clock.now += JUST_S - 0.1
    assert "C0ANALYTICS" not in (await of.channels_of(GUS, fresh=True)).names
    assert asked(sandbox) == 1
    clock.now += 0.2
    assert "C0ANALYTICS" not in (await of.channels_of(GUS)).names
    assert "C0ANALYTICS" in (await of.channels_of(GUS, fresh=True)).names
    assert "C0ANALYTICS" in (await of.channels_of(GUS)).names
    assert asked(sandbox) == 2


async def test_a_retry_after_holds_for_everyone(of: SlackMemberships, sandbox: Sandbox, clock: Clock) -> None:
    """After a rate limit, nobody is looked up until the wait is over."""
    sandbox.workspace.faults.add(Fault("ratelimited", "users.conversations", retry_after_s=30))
    assert (await of.channels_of(ADA)).missing == NOT_TOLD
    assert (await of.channels_of(GUS)).missing == NOT_TOLD
    assert asked(sandbox) == 1
    clock.now += 31
    assert "C0DATAENG" in (await of.channels_of(GUS)).names


async def test_a_fault_is_not_kept_for_long(of: SlackMemberships, sandbox: Sandbox, clock: Clock) -> None:
    """After a fault, Slack is asked again soon, but not at once."""
    sandbox.workspace.faults.add(Fault("http_500", "users.conversations"))
    assert not (await of.channels_of(ADA)).whole
    assert not (await of.channels_of(ADA)).whole
    clock.now += AGAIN_S + 1
    assert (await of.channels_of(ADA)).whole


async def test_very_many_channels_are_read_to_a_bound(of: SlackMemberships, sandbox: Sandbox) -> None:
    """At most a fixed number of pages is read, and the result says that there are more channels."""
    workspace = sandbox.workspace
    for number in range(2_500):
        workspace.add_channel(f"c{number}", "public", [ADA])
    channels = await of.channels_of(ADA)
    assert (len(channels.names), channels.whole) == (memberships.PAGE * memberships.PAGES_MOST, False)


async def test_no_more_people_are_remembered_than_need_be(of: SlackMemberships, sandbox: Sandbox) -> None:
    """The person who was looked up first is forgotten first."""
    people = [sandbox.workspace.add_user(f"p{number}").id for number in range(PEOPLE_MOST + 1)]
    for person in people:
        await of.channels_of(person)
    before = asked(sandbox)
    await of.channels_of(people[-1])
    assert asked(sandbox) == before
    await of.channels_of(people[0])
    assert asked(sandbox) == before + 1


async def test_whether_somebody_is_in_a_channel_now(of: SlackMemberships, sandbox: Sandbox) -> None:
    """Membership in a channel or group message is known only if the bot can see it and Slack answers."""
    bot = sandbox.workspace.bot.id
    sandbox.workspace.add_channel("mpdm-ada--grace--bolt-1", "mpim", [bot, ADA, "U0GRACE"], channel_id="C0MPIM")
    sandbox.workspace.add_channel("board", "private", ["U0GRACE", ADA], channel_id="C0BOARD")
    assert await of.is_member("C0DATAENG", ADA) is True
    assert await of.is_member("C0MPIM", ADA) is True
    assert await of.is_member("C0MPIM", GUS) is False
    assert await of.is_member("C0BOARD", ADA) is None
    assert await of.is_member("C0NOWHERE", ADA) is None
    sandbox.workspace.faults.add(Fault("ratelimited", "conversations.members", retry_after_s=7))
    assert await of.is_member("C0DATAENG", ADA) is None
