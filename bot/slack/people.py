"""Who somebody is and what a channel is, as Slack tells: asked seldom, kept for minutes, forgotten when Slack says it changed.

Methods: users.info, usergroups.list and conversations.info. What cannot be read is None, with a sentence that says why.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog

from bot.core.errors import ChannelRefused, ScopeMissing, SlackError
from bot.core.policy import Kind, Person, Place, Role
from bot.slack.foreign import Home, Standing, of_profile, standing_of_profile
from bot.slack.lookup import Caller

log = structlog.get_logger()

# How old an answer may be where no event tells of a change: a membership, a role, whether a channel is shared outside.
FRESH_S = 300.0
# As long as a start may wait in line.
NOTED_S = 8 * 86400.0
GROUP_MESSAGE = (
    "I'm not in this group direct message, and Slack doesn't let apps be invited to one: "
    "type it in a channel, or in a direct message with me"
)
GROUPS = "groups"
DIRECT = "D"

Json = dict[str, Any]


class Memory(Protocol):
    """Keeps what was told for every replica."""

    async def recall(self, name: str) -> str | None:
        """What is kept under a name."""

    async def keep(self, name: str, text: str, for_s: float) -> None:
        """Keep something for so many seconds."""

    async def forget(self, name: str) -> None:
        """It has changed."""


class NoMemory:
    """Remembers nothing: what is told is what holds now."""

    async def recall(self, _name: str) -> None:
        """Nothing."""

    async def keep(self, _name: str, _text: str, _for_s: float) -> None:
        """It is not kept."""

    async def forget(self, _name: str) -> None:
        """There is nothing to forget."""


class SlackPeople:
    """Implements the flows' `People` port. `groups` are the user groups that the policy names, by id or as @handle."""

    def __init__(
        self, slack: Caller, memory: Memory, *, home: Home, bot_name: str, groups: frozenset[str], domains: bool
    ) -> None:
        self._slack = slack
        self._memory = memory
        self._home = home
        self._bot_name = bot_name
        self._groups = groups
        self._domains = domains
        self._asking: dict[str, asyncio.Task[Json]] = {}

    async def person(self, user: str, *, fresh: bool = False) -> Person:
        """Who a person is. `fresh`: the user groups are read anew, whatever is kept."""
        (told, why), (groups, no_groups) = await asyncio.gather(self._user(user), self._members(fresh=fresh))
        mine = None if groups is None else frozenset(name for name, group in groups.items() if user in group["users"])
        if told is None:
            return Person(user, None, mine, None, why or no_groups)
        domain = told["domain"]
        if self._domains and domain is None and told["roles"]:
            why = "I may not see your e-mail address (the scope users:read.email is missing)"
        # A version before this one kept no name.
        name = str(told.get("name") or "")
        return Person(user, frozenset(map(Role, told["roles"])), mine, domain, no_groups or why, name)

    async def place(self, channel: str) -> Place:
        """What a channel is. A direct message, and App Home (no channel at all), are of one person."""
        if not channel or channel.startswith(DIRECT):
            return Place(channel, "", Kind.DIRECT, shared=False)
        try:
            told = await self._told(f"place:{channel}", lambda: self._ask_place(channel))
        except ChannelRefused:
            if await self._memory.recall(f"group-message:{channel}"):
                return Place(channel, why=GROUP_MESSAGE)
            return Place(
                channel, why=f"I can't post in this channel: invite me with /invite {self._bot_name}, then try again"
            )
        except ScopeMissing:
            what = "whether this channel is shared with another organisation"
            return Place(channel, why=f"I may not see {what} (a scope is missing); whoever runs this bot can add it")
        except SlackError as error:
            return Place(channel, why=_away(error, "what this channel is"))
        return Place(channel, told["name"], Kind(told["kind"]), bool(told["shared"]))

    async def note_group_message(self, channel: str) -> None:
        """A payload says that this is a direct message of several people: of one that the bot isn't in Slack says nothing."""
        await self._memory.keep(f"group-message:{channel}", "1", NOTED_S)

    async def group(self, name: str) -> str | None:
        """The id of a user group that the policy names, None where there is none or it cannot be read."""
        groups, _ = await self._members()
        return groups[name]["id"] if groups and name in groups else None

    async def forget_groups(self) -> None:
        """Slack says that a user group has changed."""
        await self._memory.forget(GROUPS)

    async def forget_place(self, channel: str) -> None:
        """Slack says that a channel has changed."""
        await self._memory.forget(f"place:{channel}")

    async def _user(self, user: str) -> tuple[Json | None, str]:
        try:
            return await self._told(f"who:{user}", lambda: self._ask_user(user)), ""
        except ScopeMissing:
            return None, "I may not see who you are (the scope users:read is missing); whoever runs this bot can add it"
        except SlackError as error:
            return None, _away(error, "who you are")

    async def _members(self, *, fresh: bool = False) -> tuple[Json | None, str]:
        if not self._groups:
            return {}, ""
        try:
            return await self._told(GROUPS, self._ask_groups, fresh=fresh), ""
        except ScopeMissing:
            what = "I may not see who is in which user group (the scope usergroups:read is missing)"
            return None, f"{what}; whoever runs this bot can add it"
        except SlackError as error:
            return None, _away(error, "who is in which user group")

    async def _told(self, name: str, ask: Callable[[], Awaitable[Json]], *, fresh: bool = False) -> Json:
        """What is kept, else what Slack tells: asked once, however many wait for it. Raises SlackError."""
        kept = None if fresh else await self._memory.recall(name)
        if kept is not None:
            told: Json = json.loads(kept)
            return told
        asking = self._asking.get(name)
        if asking is None or fresh:
            asking = self._asking[name] = asyncio.ensure_future(self._ask(name, ask))
            asking.add_done_callback(lambda done: self._asked(name, done))
        # Whoever has no more time to wait does not break off what others wait for.
        return await asyncio.shield(asking)

    async def _ask(self, name: str, ask: Callable[[], Awaitable[Json]]) -> Json:
        told = await ask()
        await self._memory.keep(name, json.dumps(told), FRESH_S)
        return told

    def _asked(self, name: str, done: asyncio.Task[Json]) -> None:
        if self._asking.get(name) is done:
            del self._asking[name]
        if not done.cancelled() and done.exception() is not None:
            log.info("Slack does not tell", what=name.partition(":")[0], why=str(done.exception()))

    # --- what is kept of each answer ---

    async def _ask_user(self, user: str) -> Json:
        answer = await self._slack.call("users.info", user=user)
        told = answer.get("user") or {}
        # Without its scope there is no such field; a person may have no address as well.
        email = (told.get("profile") or {}).get("email")
        domain = str(email or "").rpartition("@")[2].lower()
        name = str(told.get("name") or "")
        return {"roles": sorted(roles(told, self._home)), "domain": None if email is None else domain, "name": name}

    async def _ask_groups(self) -> Json:
        """The policy's groups alone: a workspace may have many, and large ones."""
        answer = await self._slack.call("usergroups.list", include_users=True)
        found: Json = {}
        for group in answer.get("usergroups") or []:
            for name in {str(group.get("id")), f"@{group.get('handle')}"} & self._groups:
                found[name] = {"id": group.get("id"), "users": group.get("users") or []}
        return found

    async def _ask_place(self, channel: str) -> Json:
        answer = await self._slack.call("conversations.info", channel=channel)
        told = answer.get("channel") or {}
        direct = told.get("is_im") or told.get("is_mpim")
        kind = Kind.DIRECT if direct else Kind.PRIVATE if told.get("is_private") else Kind.PUBLIC
        # Of all that Slack tells of sharing, this alone is to be relied on.
        return {"name": str(told.get("name") or ""), "kind": kind, "shared": bool(told.get("is_ext_shared"))}


def roles(user: Json, home: Home) -> set[Role]:
    """What a person of Slack's users.info is in our workspace: nothing at all if the account is no longer active.

    Members of our organisation are members here. The flags of one who is only in a sibling workspace are about that one.
    """
    if user.get("deleted"):
        return set()
    if standing_of_profile(home, user) is Standing.FOREIGN:
        return {Role.EXTERNAL}
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return {Role.GUEST}
    found = {Role.MEMBER}
    if home.team not in of_profile(user).teams:
        return found
    if user.get("is_owner") or user.get("is_primary_owner"):
        return found | {Role.OWNER, Role.ADMIN}
    return found | {Role.ADMIN} if user.get("is_admin") else found


def _away(error: SlackError, what: str) -> str:
    return f"{error.sentence.rstrip('.')}, so I could not find out {what}; try again in a minute"
