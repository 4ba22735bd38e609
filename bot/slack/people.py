"""Who somebody is and what a channel is, as Slack says: mostly from lists that are read once a day (`bot.slack.directory`).

Who or what is not in them is asked for alone: users.info, usergroups.list, conversations.info. A role that is older than an hour is
asked for again before somebody acts, if a call can be spared; before an approval it always is. What cannot be read is None, with a
sentence that says why, and with the seconds after which it may be known.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

import structlog

from bot.core.model.channel import ChannelInfo, ChannelKind
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
    BOOK,
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

# How old an answer may be if no event reports a change: who is in a user group, or of a channel that the bot is not in.
FRESH_S = 300.0
# As long as a start may wait in line.
NOTED_S = 8 * 86400.0
GROUP_MESSAGE = (
    "I'm not in this group direct message, and Slack doesn't let apps be invited to one: "
    "type it in a channel, or in a direct message with me"
)
# How old a role may be before somebody acts on it, if a call can be spared.
ROLE_S = 3600.0
# How long what a list or an answer said of a person, or of a channel that the bot is in, is kept at all.
KEPT_S = 86_400.0
# When something that Slack did not say now is worth another question.
AGAIN_S = 2.0
GROUPS = "groups"
DIRECT = "D"

T = TypeVar("T")
Json = dict[str, Any]


class PeopleCache(Protocol):
    """Keeps what was told for every replica."""

    async def recall(self, name: str) -> str | None:
        """What is kept under a name."""

    async def keep(self, name: str, text: str, for_s: float) -> None:
        """Keep something for so many seconds."""

    async def forget(self, name: str) -> None:
        """It has changed."""

    async def recall_person(self, book: str, user: str) -> str | None:
        """The entry of a person in a book of people."""

    async def keep_people(self, book: str, entries: Mapping[str, str]) -> None:
        """Keep entries by user id, unless a later one is kept. Raises StoreUnavailable."""


class NoPeopleCache:
    """Remembers nothing: what is told is what holds now."""

    async def recall(self, _name: str) -> None:
        """Nothing."""

    async def keep(self, _name: str, _text: str, _for_s: float) -> None:
        """It is not kept."""

    async def forget(self, _name: str) -> None:
        """There is nothing to forget."""

    async def recall_person(self, _book: str, _user: str) -> None:
        """Nothing."""

    async def keep_people(self, _book: str, _entries: Mapping[str, str]) -> None:
        """They are not kept."""


class SlackPeople:
    """Implements the flows' `People` port. `groups` are the user groups that the policy names, by id or as @handle."""

    def __init__(
        self,
        slack: WebApi,
        cache: PeopleCache,
        *,
        installation: Installation,
        bot_name: str,
        groups: frozenset[str],
        domains: bool,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._slack = slack
        self._cache = cache
        self._installation = installation
        self._bot_name = bot_name
        self._groups = groups
        self._domains = domains
        self._now = now
        self._asking: dict[str, asyncio.Task[Any]] = {}

    async def person(self, user: str, *, acts: bool = False, fresh: bool = False) -> Person:
        """Who a person is. `acts`: a role should not be older than an hour. `fresh`: role and groups are asked for, whatever is kept."""
        (told, why, again_s), (groups, no_groups, groups_again_s) = await asyncio.gather(
            self._user(user, acts=acts, fresh=fresh), self._members(fresh=fresh)
        )
        mine = None if groups is None else frozenset(name for name, group in groups.items() if user in group["users"])
        again_s = max(again_s, groups_again_s)
        if told is None:
            return Person(user, None, mine, None, why or no_groups, again_s=again_s)
        if self._domains and told.domain is None and told.roles:
            why = "I can't see your e-mail address (the scope users:read.email is missing)"
        return Person(user, told.roles, mine, told.domain, no_groups or why, told.name, again_s)

    async def channel(self, channel: str) -> ChannelInfo:
        """What a channel is. A direct message, and App Home (no channel at all), are of one person."""
        if not channel or channel.startswith(DIRECT):
            return ChannelInfo(channel, "", ChannelKind.DIRECT, shared=False)
        kept = await self._cache.recall(f"place:{channel}")
        known = read_channel(kept, self._now()) if kept is not None else None
        if known is not None and self._now() - known.at < FRESH_S:
            return ChannelInfo(channel, known.name, known.kind, known.shared)
        try:
            known = await self._once(
                f"place:{channel}", lambda: self._ask_place(channel, spare=known is not None), known=known
            )
        except ChannelRefused:
            if await self._cache.recall(f"group-message:{channel}"):
                return ChannelInfo(channel, why=GROUP_MESSAGE)
            return ChannelInfo(
                channel, why=f"I can't post in this channel. Invite me with /invite {self._bot_name}, then try again"
            )
        except ScopeMissing as missing:
            scope = f"the scope {missing.needed}" if missing.needed else "a scope"
            what = "whether this channel is shared with another organisation"
            return ChannelInfo(
                channel, why=f"I can't see {what} ({scope} is missing). Whoever runs this bot can add it"
            )
        except SlackError as error:
            return ChannelInfo(channel, why=_away(error, "what this channel is"), again_s=_again_s(error))
        return ChannelInfo(channel, known.name, known.kind, known.shared)

    async def joined(self, channel: Json) -> None:
        """The bot has joined a channel, which Slack describes in its answer."""
        await self._keep_place(str(channel.get("id") or ""), known_channel(channel, self._now(), is_ours=True))

    async def note_group_message(self, channel: str) -> None:
        """A payload says that this is a direct message of several people: of one that the bot isn't in Slack says nothing."""
        await self._cache.keep(f"group-message:{channel}", "1", NOTED_S)

    async def group(self, name: str) -> str | None:
        """The id of a user group that the policy names, None where there is none or it cannot be read."""
        groups, _, _ = await self._members()
        return groups[name]["id"] if groups and name in groups else None

    async def members(self, group: str, *, fresh: bool = False) -> frozenset[str] | None:
        """Who is in a user group that the policy names, None if there is none or it cannot be read. `fresh`: read anew."""
        groups, *_ = await self._members(fresh=fresh)
        return frozenset(groups[group]["users"]) if groups and group in groups else None

    async def forget_groups(self) -> None:
        """Slack says that a user group has changed."""
        await self._cache.forget(GROUPS)

    async def forget_channel(self, channel: str) -> None:
        """Slack says that a channel has changed."""
        await self._cache.forget(f"place:{channel}")

    async def _user(self, user: str, *, acts: bool, fresh: bool) -> tuple[KnownPerson | None, str, float]:
        """Who somebody is, else why that is not known, and when it may be."""
        known = None if fresh else await self._known(user)
        if known is not None and not (acts and self._now() - known.at > ROLE_S):
            return known, "", 0.0
        spare = known is not None
        try:
            told = await self._once(f"who:{user}", lambda: self._ask_user(user, spare=spare), known=known, fresh=fresh)
        except ScopeMissing:
            why = "I can't see who you are (the scope users:read is missing). Whoever runs this bot can add it"
            return None, why, 0.0
        except SlackError as error:
            return None, _away(error, "who you are"), _again_s(error)
        return told, "", 0.0

    async def _known(self, user: str) -> KnownPerson | None:
        """What is kept of somebody and still believed."""
        kept = await self._cache.recall_person(BOOK, user)
        known = read_person(kept) if kept is not None else None
        if known is None or self._now() - known.at > KEPT_S or (self._domains and not known.has_domain):
            return None
        return known

    async def _members(self, *, fresh: bool = False) -> tuple[Json | None, str, float]:
        if not self._groups:
            return {}, "", 0.0
        kept = None if fresh else await self._cache.recall(GROUPS)
        if kept is not None:
            groups: Json = json.loads(kept)
            return groups, "", 0.0
        try:
            return await self._once(GROUPS, self._ask_groups, fresh=fresh), "", 0.0
        except ScopeMissing:
            what = "I can't see who is in which user group (the scope usergroups:read is missing)"
            return None, f"{what}. Whoever runs this bot can add it", 0.0
        except SlackError as error:
            return None, _away(error, "who is in which user group"), _again_s(error)

    async def _once(
        self, name: str, ask: Callable[[], Awaitable[T]], *, known: T | None = None, fresh: bool = False
    ) -> T:
        """What Slack says: asked once, however many wait for it, but for whoever wants it `fresh`.

        `known` serves if it can't be asked now. Raises SlackError.
        """
        asking = self._asking.get(name)
        if asking is None or fresh:
            asking = self._asking[name] = asyncio.ensure_future(ask())
            asking.add_done_callback(lambda done: self._asked(name, done))
        try:
            # Whoever has no more time to wait does not break off what others wait for.
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
            log.info("Slack doesn't report this", what=name.partition(":")[0], why=str(done.exception()))

    # --- what is kept of each answer ---

    async def _ask_user(self, user: str, *, spare: bool) -> KnownPerson:
        at = self._now()
        answer = await self._slack.call("users.info", user=user, spare=spare)
        known = known_person(answer.get("user") or {}, self._installation, at, domains=True)
        with contextlib.suppress(StoreUnavailable):
            await self._cache.keep_people(BOOK, {user: person_entry(known)})
        return known

    async def _ask_groups(self) -> Json:
        """The policy's groups alone: a workspace may have many, and large ones."""
        answer = await self._slack.call("usergroups.list", include_users=True)
        found: Json = {}
        for group in answer.get("usergroups") or []:
            for name in {str(group.get("id")), f"@{group.get('handle')}"} & self._groups:
                found[name] = {"id": group.get("id"), "users": group.get("users") or []}
        await self._cache.keep(GROUPS, json.dumps(found), FRESH_S)
        return found

    async def _ask_place(self, channel: str, *, spare: bool) -> KnownChannel:
        at = self._now()
        answer = await self._slack.call("conversations.info", channel=channel, spare=spare)
        known = known_channel(answer.get("channel") or {}, at)
        await self._keep_place(channel, known)
        return known

    async def _keep_place(self, channel: str, known: KnownChannel) -> None:
        """Keep it long if Slack reports its changes, as it does for channels that the bot is in."""
        await self._cache.keep(f"place:{channel}", channel_entry(known), KEPT_S if known.is_ours else FRESH_S)


def known_person(user: Json, installation: Installation, at: float, *, domains: bool) -> KnownPerson:
    """A person as users.info and users.list describe one. `domains`: keep the domain of the e-mail address, too."""
    # Without its scope there is no such field; a person may have no address as well.
    email = (user.get("profile") or {}).get("email")
    domain = None if email is None or not domains else str(email).rpartition("@")[2].lower()
    return KnownPerson(frozenset(roles(user, installation)), domain, at, domains, str(user.get("name") or ""))


def roles(user: Json, installation: Installation) -> set[Role]:
    """What a person of Slack's users.info is in our workspace: nothing at all if the account is no longer active.

    Members of our organisation are members here. The flags of one who is only in a sibling workspace are about that one.
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


def _may_pass(error: SlackError) -> bool:
    """Whether Slack may say it later, so that what is known will do until then: not if it refuses to."""
    return not isinstance(error, CredentialRefused | ChannelRefused)


def _again_s(error: SlackError) -> float:
    """When another question may be answered, 0 if it won't be."""
    return AGAIN_S if isinstance(error, SlackThrottled | SlackNotSent | SlackOutcomeUnknown) else 0.0


def _away(error: SlackError, what: str) -> str:
    return f"{error.sentence.rstrip('.')}, so I couldn't find out {what}. Try again in a minute"
