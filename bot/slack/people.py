"""Look up people and channels, mostly from lists that are read from Slack once a day (`bot.slack.directory`).

Entries that aren't in the lists are read one by one: users.info, usergroups.list, conversations.info. A role older than
an hour is read again before the person acts, if a call can be spared, and always before an approval. Unreadable values
are None, with a sentence that says why, and the seconds after which they may be readable.

`bot.slack.affiliation` decides whether a person is from another organization.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import structlog

from bot.core.model.channel import ChannelInfo, ChannelKind, ChannelState
from bot.core.model.errors import (
    ChannelRefused,
    CredentialRefused,
    ScopeMissing,
    SlackError,
    SlackNotSent,
    SlackOutcomeUnknown,
    SlackThrottled,
    StoreUnavailable,
)
from bot.core.model.person import Person, Role
from bot.slack.affiliation import Installation, Standing, affiliation_in_profile, standing_of_profile
from bot.slack.directory_entries import (
    PEOPLE_LIST,
    KnownChannel,
    KnownPerson,
    channel_entry,
    known_channel,
    person_entry,
    read_channel,
    read_person,
)
from bot.slack.find_message import WebApi

log = structlog.get_logger()

# How old an answer may be if no event reports changes: members of a user group, or channels that the bot isn't in.
GROUPS_FRESH_S = 300.0
# As long as a start may wait in the queue.
NOTED_S = 8 * 86400.0
GROUP_MESSAGE = (
    "I'm not in this group direct message, and Slack doesn't let anyone invite me to it. "
    "Type the command in a channel, or in a direct message with me"
)
# How old a role may be when the person acts, if a call can be spared.
ROLE_S = 3600.0
# The longest time for which a person, or a channel that the bot is in, is cached.
KEPT_S = 86_400.0
# How many admins are notified of problems that the bot can't report to anyone else.
ADMINS_MOST = 10
# When to ask again after Slack didn't answer.
AGAIN_S = 2.0
GROUPS = "groups"
DIRECT = "D"

T = TypeVar("T")
Json = dict[str, Any]


class PeopleCache(Protocol):
    """Caches answers for every replica."""

    async def recall(self, name: str) -> str | None:
        """Return the text cached under a name, or None."""

    async def keep(self, name: str, text: str, for_s: float) -> None:
        """Cache a text for this many seconds."""

    async def forget(self, name: str) -> None:
        """Invalidate a name, because its value has changed."""

    async def recall_person(self, list_name: str, user: str) -> str | None:
        """Return a person's entry in a cached list, or None."""

    async def people_in(self, list_name: str) -> Mapping[str, str]:
        """Return all entries of a cached list, by user id. Raises StoreUnavailable."""

    async def keep_people(self, list_name: str, entries: Mapping[str, str]) -> None:
        """Cache entries by user id, unless a newer one is cached. Raises StoreUnavailable."""


class NoPeopleCache:
    """Caches nothing, so every answer is current."""

    async def recall(self, _name: str) -> None:
        """Return None."""

    async def keep(self, _name: str, _text: str, _for_s: float) -> None:
        """Discard the text."""

    async def forget(self, _name: str) -> None:
        """Do nothing: nothing is cached."""

    async def recall_person(self, _book: str, _user: str) -> None:
        """Return None."""

    async def people_in(self, _book: str) -> Mapping[str, str]:
        """Return no entries."""
        return {}

    async def keep_people(self, _book: str, _entries: Mapping[str, str]) -> None:
        """Discard the entries."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The facts about people that the policy needs.

    `groups`: who is in these user groups, each an id or an @handle. `domains`: the domains of their email addresses.
    """

    groups: frozenset[str]
    domains: bool


class SlackPeople:
    """Implements the flows' `People` port. `needs` is asked each time, because the policy may be replaced."""

    def __init__(
        self,
        slack: WebApi,
        cache: PeopleCache,
        *,
        installation: Installation,
        bot_name: str,
        needs: Callable[[], Needs],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._slack = slack
        self._cache = cache
        self._installation = installation
        self._bot_name = bot_name
        self._needs = needs
        self._now = now
        self._asking: dict[str, asyncio.Task[Any]] = {}
        # Called when the limit for looking up single channels is used up.
        self.want_channels: Callable[[], None] = lambda: None

    async def person(self, user: str, *, acts: bool = False, fresh: bool = False) -> Person:
        """Look up a person.

        `acts`: the role may be at most an hour old. `fresh`: the role and groups are read from Slack again.
        """
        (told, why, again_s), (groups, no_groups, groups_again_s) = await asyncio.gather(
            self._user(user, acts=acts, fresh=fresh), self._members(fresh=fresh)
        )
        mine = None if groups is None else frozenset(name for name, group in groups.items() if user in group["users"])
        again_s = max(again_s, groups_again_s)
        if told is None:
            return Person(user, None, mine, None, why or no_groups, again_s=again_s)
        if self._needs().domains and told.domain is None and told.roles:
            why = "I can't see your email address (the scope users:read.email is missing)"
        return Person(user, told.roles, mine, told.domain, no_groups or why, told.name, again_s, told.time_zone)

    async def channel(self, channel: str) -> ChannelInfo:
        """Look up a channel. A direct message and App Home (an empty channel) belong to one person."""
        if not channel or channel.startswith(DIRECT):
            return ChannelInfo(channel, "", ChannelKind.DIRECT, shared=False)
        kept = await self._cache.recall(f"place:{channel}")
        known = read_channel(kept, self._now()) if kept is not None else None
        if known is not None and self._now() - known.at < GROUPS_FRESH_S:
            return ChannelInfo(channel, known.name, known.kind, known.shared)
        try:
            known = await self._once(
                f"place:{channel}", lambda: self._ask_channel(channel, spare=known is not None), known=known
            )
        except ChannelRefused:
            if await self._cache.recall(f"group-message:{channel}"):
                return ChannelInfo(channel, why=GROUP_MESSAGE)
            return ChannelInfo(
                channel, why=f"I can't post in this channel. Invite me with /invite {self._bot_name}, then try again"
            )
        except ScopeMissing as missing:
            scope = f"the scope {missing.needed}" if missing.needed else "a scope"
            what = "whether this channel is shared with another organization"
            return ChannelInfo(
                channel, why=f"I can't see {what} ({scope} is missing). Ask whoever runs this bot to add it"
            )
        except SlackError as error:
            if isinstance(error, SlackThrottled):
                self.want_channels()
            return ChannelInfo(channel, why=_away(error, "what kind of channel this is"), again_s=_again_s(error))
        return ChannelInfo(channel, known.name, known.kind, known.shared)

    async def channel_state(self, channel: str) -> ChannelState:
        """Read the current state of a channel for the bot, and cache Slack's answer. Raises SlackError."""
        try:
            answer = await self._slack.call("conversations.info", channel=channel, spare=True)
        except ChannelRefused:
            return ChannelState(is_readable=False)
        found = answer.get("channel") or {}
        known = known_channel(found, self._now())
        await self._keep_channel(channel, known)
        direct = known.kind is ChannelKind.DIRECT
        return ChannelState(
            is_member=direct or known.is_ours, is_archived=bool(found.get("is_archived")), is_shared=known.shared
        )

    async def admins(self) -> tuple[str, ...]:
        """Return the workspace's admins, as far as the list of people has been read; at most `ADMINS_MOST`."""
        people = await self._cache.people_in(PEOPLE_LIST)
        found = {user: known.roles for user, entry in people.items() if (known := read_person(entry)) is not None}
        admins = sorted(
            (user for user, its in found.items() if Role.ADMIN in its), key=lambda user: (_rank(found[user]), user)
        )
        return tuple(admins[:ADMINS_MOST])

    async def joined(self, channel: Json) -> None:
        """Cache a channel that the bot has joined, from Slack's answer."""
        await self._keep_channel(str(channel.get("id") or ""), known_channel(channel, self._now(), is_ours=True))

    async def note_group_message(self, channel: str) -> None:
        """Record that a payload calls a channel a group direct message. If the bot isn't in it, the API hides it."""
        await self._cache.keep(f"group-message:{channel}", "1", NOTED_S)

    async def group(self, name: str) -> str | None:
        """Return the id of a user group that the policy names, or None if it doesn't exist or can't be read."""
        groups, _, _ = await self._members()
        return (groups or {}).get(name, {}).get("id") or None

    async def members(self, group: str, *, fresh: bool = False) -> frozenset[str] | None:
        """Return a policy group's members, or None if it's missing or can't be read. `fresh` reads them from Slack."""
        groups, *_ = await self._members(fresh=fresh)
        return frozenset(groups[group]["users"]) if groups and groups.get(group, {}).get("id") else None

    async def forget_groups(self) -> None:
        """Invalidate the user groups, because Slack reports a change."""
        await self._cache.forget(GROUPS)

    async def forget_channel(self, channel: str) -> None:
        """Invalidate a channel, because Slack reports a change."""
        await self._cache.forget(f"place:{channel}")

    async def _user(self, user: str, *, acts: bool, fresh: bool) -> tuple[KnownPerson | None, str, float]:
        """Look up a person. If that fails, returns None, the reason, and the seconds until it may work."""
        known = None if fresh else await self._known(user)
        if known is not None and not (acts and self._now() - known.at > ROLE_S):
            return known, "", 0.0
        spare = known is not None
        try:
            told = await self._once(f"who:{user}", lambda: self._ask_user(user, spare=spare), known=known, fresh=fresh)
        except ScopeMissing:
            why = "I can't see who you are (the scope users:read is missing). Ask whoever runs this bot to add it"
            return None, why, 0.0
        except SlackError as error:
            return None, _away(error, "who you are"), _again_s(error)
        return told, "", 0.0

    async def _known(self, user: str) -> KnownPerson | None:
        """Return a cached person whose entry is still valid, or None."""
        kept = await self._cache.recall_person(PEOPLE_LIST, user)
        known = read_person(kept) if kept is not None else None
        if known is None or self._now() - known.at > KEPT_S or (self._needs().domains and not known.has_domain):
            return None
        return known

    async def _members(self, *, fresh: bool = False) -> tuple[Json | None, str, float]:
        wanted = self._needs().groups
        if not wanted:
            return {}, "", 0.0
        kept = None if fresh else await self._cache.recall(GROUPS)
        groups: Json = {} if kept is None else json.loads(kept)
        # The groups may have been cached for a policy that names others.
        if groups.keys() >= wanted:
            return groups, "", 0.0
        wanted |= groups.keys()
        try:
            name = f"{GROUPS}:{','.join(sorted(wanted))}"
            return await self._once(name, lambda: self._ask_groups(wanted), fresh=fresh), "", 0.0
        except ScopeMissing:
            what = "I can't see who is in which user group (the scope usergroups:read is missing)"
            return None, f"{what}. Ask whoever runs this bot to add it", 0.0
        except SlackError as error:
            return None, _away(error, "who is in which user group"), _again_s(error)

    async def _once(
        self, name: str, ask: Callable[[], Awaitable[T]], *, known: T | None = None, fresh: bool = False
    ) -> T:
        """Make one call for all callers that wait for it, except those that want a `fresh` answer.

        `known` is returned if the call fails temporarily. Raises SlackError.
        """
        asking = self._asking.get(name)
        if asking is None or fresh:
            asking = self._asking[name] = asyncio.ensure_future(ask())
            asking.add_done_callback(lambda done: self._asked(name, done))
        try:
            # A caller that times out must not cancel a call that others wait for.
            found: T = await asyncio.shield(asking)
        except SlackError as error:
            if known is None or not _may_pass(error):
                raise
            return known
        return found

    def _asked(self, name: str, done: asyncio.Task[Any]) -> None:
        if self._asking.get(name) is done:
            del self._asking[name]
        if not done.cancelled() and done.exception() is not None:
            log.info("a lookup in Slack failed", what=name.partition(":")[0], why=str(done.exception()))

    # --- what is cached from each answer ---

    async def _ask_user(self, user: str, *, spare: bool) -> KnownPerson:
        at = self._now()
        answer = await self._slack.call("users.info", user=user, spare=spare)
        known = known_person(answer.get("user") or {}, self._installation, at, domains=True)
        with contextlib.suppress(StoreUnavailable):
            await self._cache.keep_people(PEOPLE_LIST, {user: person_entry(known)})
        return known

    async def _ask_groups(self, wanted: frozenset[str]) -> Json:
        """Read the user groups, keeping only the policy's: a workspace may have many, and some may be large.

        A group that doesn't exist is kept without an id, so that it isn't looked up each time.
        """
        answer = await self._slack.call("usergroups.list", include_users=True)
        found: Json = {name: {"id": "", "users": []} for name in wanted}
        for group in answer.get("usergroups") or []:
            for name in {str(group.get("id")), f"@{group.get('handle')}"} & wanted:
                found[name] = {"id": group.get("id"), "users": group.get("users") or []}
        await self._cache.keep(GROUPS, json.dumps(found), GROUPS_FRESH_S)
        return found

    async def _ask_channel(self, channel: str, *, spare: bool) -> KnownChannel:
        at = self._now()
        answer = await self._slack.call("conversations.info", channel=channel, spare=spare)
        known = known_channel(answer.get("channel") or {}, at)
        await self._keep_channel(channel, known)
        return known

    async def _keep_channel(self, channel: str, known: KnownChannel) -> None:
        """Cache a channel for a day only if Slack reports its changes, as it does for channels that the bot is in."""
        # The key still uses an older word for a channel.
        await self._cache.keep(f"place:{channel}", channel_entry(known), KEPT_S if known.is_ours else GROUPS_FRESH_S)


def known_person(user: Json, installation: Installation, at: float, *, domains: bool) -> KnownPerson:
    """Read a person from users.info or users.list. `domains`: keep the email address's domain too."""
    # The field is missing without its scope; a person may also have no address.
    email = (user.get("profile") or {}).get("email")
    domain = None if email is None or not domains else str(email).rpartition("@")[2].lower()
    name, zone = str(user.get("name") or ""), str(user.get("tz") or "")
    return KnownPerson(frozenset(roles(user, installation)), domain, at, domains, name, zone)


def roles(user: Json, installation: Installation) -> set[Role]:
    """Return a person's roles in our workspace from users.info, or none if the account is deactivated.

    Members of our organization are members here. The flags of someone who is only in a sibling workspace apply to that
    one.
    """
    if user.get("deleted"):
        return set()
    if standing_of_profile(installation, user) is Standing.FOREIGN:
        return {Role.EXTERNAL}
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return {Role.GUEST}
    found = {Role.MEMBER}
    if installation.team not in affiliation_in_profile(user).teams:
        return found
    if user.get("is_owner") or user.get("is_primary_owner"):
        return found | {Role.OWNER, Role.ADMIN}
    return found | {Role.ADMIN} if user.get("is_admin") else found


def _rank(its: frozenset[Role]) -> int:
    """Owners come first."""
    return 0 if Role.OWNER in its else 1


def _may_pass(error: SlackError) -> bool:
    """Whether the error is temporary, so that the known value will do until it's over. A refusal isn't temporary."""
    return not isinstance(error, CredentialRefused | ChannelRefused)


def _again_s(error: SlackError) -> float:
    """Return the number of seconds after which to ask again, or 0 if that won't help."""
    return AGAIN_S if isinstance(error, SlackThrottled | SlackNotSent | SlackOutcomeUnknown) else 0.0


def _away(error: SlackError, what: str) -> str:
    return f"{error.sentence.rstrip('.')}, so I couldn't find out {what}. Try again in a minute"
