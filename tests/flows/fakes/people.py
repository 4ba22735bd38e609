"""The people in Slack, and which channels they and the bot are in."""

from __future__ import annotations

import asyncio

from bot.core.model.channel import ChannelInfo, ChannelKind, ChannelState, MemberChannels
from bot.core.model.errors import SlackError, SlackOutcomeUnknown
from bot.core.model.person import Person, Role
from tests.flows.fakes.faults import Faults


class FakePeople:
    """Members of one workspace, and public channels, unless a test says otherwise."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.channels: dict[str, ChannelInfo] = {}
        self.groups: dict[str, frozenset[str]] = {}
        # Cached members, which are returned unless a caller wants fresh ones.
        self.cached_groups: dict[str, frozenset[str]] = {}
        self.fresh: list[str] = []

    async def person(self, user: str, *, acts: bool = False, fresh: bool = False) -> Person:
        """A member of the groups that a test has put them in."""
        del acts
        if fresh:
            self.fresh.append(user)
        groups = frozenset(name for name, members in self.groups.items() if user in members)
        return self.people.get(user, Person(user, frozenset({Role.MEMBER}), groups, "example.com"))

    async def channel(self, channel: str) -> ChannelInfo:
        """A direct message if the id looks like one, else a public channel."""
        kind = ChannelKind.DIRECT if channel.startswith("D") else ChannelKind.PUBLIC
        return self.channels.get(channel, ChannelInfo(channel, f"name-of-{channel}", kind, shared=False))

    async def note_group_message(self, channel: str) -> None:
        """Do nothing: nothing is cached."""

    async def group(self, name: str) -> str | None:
        """A group's id."""
        return f"S-{name}" if name in self.groups else None

    async def members(self, group: str, *, fresh: bool = False) -> frozenset[str] | None:
        """A group's members."""
        if not fresh and group in self.cached_groups:
            return self.cached_groups[group]
        return self.groups.get(group)

    async def forget_groups(self) -> None:
        """Do nothing: nothing is cached."""

    async def forget_channel(self, channel: str) -> None:
        """Do nothing: nothing is cached."""


class FakePeopleByAddress:
    """Users by email address. `asked`: the addresses looked up, in order. `waits`: each lookup waits for it."""

    def __init__(self, **users: str) -> None:
        self.faults = Faults(SlackOutcomeUnknown)
        self.users = {f"{name}@example.com": user for name, user in users.items()}
        self.asked: list[str] = []
        self.waits: asyncio.Event | None = None

    async def user_with(self, address: str) -> str:
        """The user with an address, or an empty string."""
        self.asked.append(address)
        if self.waits is not None:
            await self.waits.wait()
        self.faults.before("user_with")
        return self.users.get(address, "")


class FakeChannels:
    """The channels' states, and who the admins are. The bot is in all channels, unless a test says otherwise."""

    def __init__(self) -> None:
        self.states: dict[str, ChannelState] = {}
        self.away: SlackError | None = None
        self.admin_users: tuple[str, ...] = ("U0ADMIN",)

    async def channel_state(self, channel: str) -> ChannelState:
        """The state that a test has set."""
        if self.away is not None:
            raise self.away
        return self.states.get(channel, ChannelState())

    async def admins(self) -> tuple[str, ...]:
        """The admins that a test has set."""
        return self.admin_users


class FakeMemberships:
    """The members of each channel."""

    def __init__(self, names: dict[str, str] | None = None, *, whole: bool = True) -> None:
        self.channels = MemberChannels(names or {}, whole)
        self.later: MemberChannels | None = None
        self.members: dict[tuple[str, str], bool | None] = {}

    async def channels_of(self, user: str, *, fresh: bool = False) -> MemberChannels:
        """The same for everybody; `later` if it's set and the channels are read afresh."""
        del user
        return self.later if fresh and self.later is not None else self.channels

    async def is_member(self, channel: str, user: str) -> bool | None:
        """The answer that a test has set, or None."""
        return self.members.get((channel, user))
