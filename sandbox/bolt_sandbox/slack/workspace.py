"""The workspace's state: people, channels, messages, and who can see them. Independent of HTTP.

`bolt_sandbox.slack.methods_chat` decides whether a message can be edited.
"""

from __future__ import annotations

import asyncio
import random
import string
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Literal

from bolt_sandbox.slack.faults import Faults
from bolt_sandbox.slack.features import Features
from bolt_sandbox.slack.grid import Organization
from bolt_sandbox.slack.limits import RateLimits
from bolt_sandbox.slack.model import (
    Call,
    Change,
    Channel,
    ChannelKind,
    EditRules,
    File,
    Json,
    Message,
    Private,
    Refused,
    ResponseUrl,
    Role,
    Trigger,
    User,
    UserGroup,
    Version,
    View,
)

TRIGGER_LIFE_S = 3.0
RESPONSE_URL_LIFE_S = 30 * 60.0
RESPONSE_URL_USES = 5
CALLS_KEPT = 20_000

DEFAULT_SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
)


class Workspace:
    """A Slack workspace with one app installed in it.

    `clock` returns Unix seconds, and is Slack's clock everywhere (timestamps, expiries, rate limits). `base_url` is the
    address at which the routes are served, without a trailing slash.
    """

    def __init__(
        self,
        manifest: str,
        *,
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
        strict_rates: bool = False,
    ) -> None:
        self.clock = clock
        self.rng = rng or random.Random()  # noqa: S311 - a sandbox's ids aren't secret
        self.base_url = ""
        self.prefix = "/slack"
        self.team_id, self.team_name, self.team_domain = "T0SANDBOX", "Sandbox", "acme-data"
        self.app_id = "A0SANDBOX"
        self.bot_token = "xoxb-sandbox-bot-token"  # noqa: S105
        self.app_token = "xapp-1-A0SANDBOX-1-sandbox"  # noqa: S105
        self.signing_secret = "sandbox-signing-secret"  # noqa: S105
        # Another app in this workspace: Slack accepts that app's token too, but doesn't send our payloads over its
        # sockets.
        self.other_app_id = "A0OTHER"
        self.other_app_token = "xapp-1-A0OTHER-1-sandbox"  # noqa: S105
        self.features = Features.from_manifest(manifest)
        # The scopes that the app is initially granted: see `reset`.
        self.granted: frozenset[str] = frozenset(DEFAULT_SCOPES)
        self.request_url: str | None = None
        self.rates = RateLimits(clock, strict=strict_rates)
        self.faults = Faults()
        self.listeners: list[Callable[[Change], None]] = []
        self.channels: dict[str, Channel] = {}
        self._last_ts = 0
        self._changed = asyncio.Event()
        self._begin()

    def reset(self) -> None:
        """Reset everything to the initial state, except the app, which stays connected.

        No ts is reused, and a direct conversation keeps its id, because an app may have stored it.
        """
        self.rates.reset()
        self.faults.clear()
        directs = [channel for channel in self.channels.values() if channel.kind == "im"]
        self._begin()
        for channel in directs:
            if set(channel.members) <= set(self.users):
                self.add_channel("", "im", channel.members, channel_id=channel.id)
        self.tell(Change("world", "", ""))

    def _begin(self) -> None:
        self.revoked_tokens: set[str] = set()
        self.app_scopes: set[str] = {"connections:write"}
        # The Socket Mode toggle in the app's settings.
        self.socket_mode = True
        self.scopes: set[str] = set(self.granted)
        self.edits = EditRules()
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        # The number of calls ever logged.
        self.logged = 0
        self.organization: Organization | None = None
        self.users: dict[str, User] = {}
        self.usergroups: dict[str, UserGroup] = {}
        self.channels = {}
        self.privates: list[Private] = []
        self.files: dict[str, File] = {}
        self.uploads: dict[str, str] = {}
        self.views: dict[str, View] = {}
        self.homes: dict[str, str] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        # Lookup cache of names, so that not every object is searched. Each entry is checked when it's used.
        self._found: dict[str, User | Channel] = {}
        self._furnish()

    def _furnish(self) -> None:
        self.bot = self._add_user("U0BOLTBOT", "bolt", "Bolt", bot_id="B0BOLTBOT")
        ada = self._add_user("U0ADA", "ada", "Ada Lovelace")
        grace = self._add_user("U0GRACE", "grace", "Grace Hopper", role="admin")
        gus = self._add_user("U0GUS", "gus", "Gus Guest", role="guest")
        self.add_channel("data-eng", "public", [self.bot.id, ada.id, grace.id, gus.id], channel_id="C0DATAENG")
        self.add_channel("analytics", "public", [ada.id, grace.id], channel_id="C0ANALYTICS")
        self.add_channel("finance", "private", [ada.id, grace.id], channel_id="C0FINANCE")
        self.add_usergroup("data-team", "Data team", [ada.id, grace.id], group_id="S0DATATEAM")
        self.add_usergroup("data-leads", "Data leads", [grace.id], group_id="S0DATALEADS")

    def _add_user(
        self,
        user_id: str,
        name: str,
        real_name: str,
        *,
        bot_id: str = "",
        role: Role = "member",
        team: str = "",
    ) -> User:
        email = "" if bot_id else f"{name}@{(team or self.team_domain).lower()}.example"
        user = User(user_id, name, real_name, bot_id, role, team=team, email=email, updated=int(self.clock()))
        self.users[user_id] = user
        return user

    # Names, ids and time

    def add_user(
        self,
        name: str,
        real_name: str = "",
        *,
        role: Role = "member",
        bot: bool = False,
        team: str = "",
        letter: str = "U",
        teams: Sequence[str] = (),
        shown_as: str = "",
        enterprise: str = "",
    ) -> User:
        """Add a person of this workspace or of another team, or another app's bot, without any channels.

        `letter` begins the id: on Grid it may be W, and a person has `teams` and so on (see User).
        """
        user = self._add_user(
            self.new_id(letter),
            name,
            real_name or name.title(),
            bot_id=self.new_id("B") if bot else "",
            role=role,
            team=team,
        )
        user.teams, user.shown_as, user.enterprise = [*teams], shown_as, enterprise
        return user

    def other_teams(self, channel: Channel) -> list[str]:
        """Return the teams of other organizations with which a channel is shared, including those of its members."""
        there = (self.users[each].team for each in channel.members)
        return list(dict.fromkeys([*channel.connected, *(team for team in there if team)]))

    def is_shared(self, channel: Channel) -> bool:
        """Whether another organization can read a channel."""
        return bool(self.other_teams(channel))

    def is_org_shared(self, channel: Channel) -> bool:
        """Whether several workspaces of our organization share a channel."""
        there = (self.users[each] for each in channel.members)
        return any(user.teams and self.team_id not in user.teams for user in there)

    def knows(self, user: User) -> bool:
        """Whether the bot and a person share a channel, other than their direct messages."""
        both = {user.id, self.bot.id}
        return any(both <= set(channel.members) for channel in self.channels.values() if channel.kind != "im")

    def add_usergroup(self, handle: str, name: str, users: Sequence[str], *, group_id: str | None = None) -> UserGroup:
        """Add a user group. `users` are ids."""
        now = int(self.clock())
        group = UserGroup(group_id or self.new_id("S"), handle, name, list(users), created=now, updated=now)
        self.usergroups[group.id] = group
        return group

    def usergroup(self, which: str) -> UserGroup:
        """Find a user group by id, or by handle with or without @. Raises Refused."""
        name = which.removeprefix("@")
        for group in self.usergroups.values():
            if name in (group.id, group.handle):
                return group
        raise Refused("no_such_subteam")

    def add_channel(
        self, name: str, kind: ChannelKind, members: list[str], *, channel_id: str | None = None
    ) -> Channel:
        """Add a channel."""
        channel_id = channel_id or self.new_id("D" if kind == "im" else "C")
        channel = Channel(channel_id, name, kind, list(members), int(self.clock()))
        self.channels[channel.id] = channel
        return channel

    def move_channel(self, channel: Channel) -> str:
        """Give a channel another id; its content moves with it. Returns the former id."""
        former = channel.id
        channel.id = self.new_id("C")
        self.channels = {each.id: each for each in self.channels.values()}
        for message in channel.messages.values():
            message.channel = channel.id
        for private in self.privates:
            private.channel = channel.id if private.channel == former else private.channel
        for record in self.response_urls.values():
            record.channel = channel.id if record.channel == former else record.channel
        for file in self.files.values():
            file.shares = [(channel.id if where == former else where, ts) for where, ts in file.shares]
        self.tell(Change("world", "", ""))
        return former

    def new_id(self, letter: str, length: int = 10) -> str:
        """Return a new id in Slack's format."""
        return letter + "".join(self.rng.choices(string.ascii_uppercase + string.digits, k=length))

    def new_ts(self) -> str:
        """Return a message timestamp: unique, and later than all before it."""
        micros = max(int(self.clock() * 1_000_000), self._last_ts + 100)
        self._last_ts = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def user(self, who: str) -> User:
        """Find a user by id, or by name with or without @. Raises Refused."""
        name = who.removeprefix("@")
        user = self.users.get(name) or self._found.get(f"@{name}")
        if isinstance(user, User) and name in (user.id, user.name) and self.users.get(user.id) is user:
            return user
        for user in self.users.values():
            if name == user.name:
                self._found[f"@{name}"] = user
                return user
        raise Refused("user_not_found")

    def channel(self, where: str) -> Channel:
        """Find a channel by id, or by name with or without #. Raises Refused."""
        name = where.removeprefix("#")
        channel = self.channels.get(name) or self._found.get(f"#{name}")
        if isinstance(channel, Channel) and name in (channel.id, channel.name) and channel.id in self.channels:
            return channel
        for channel in self.channels.values():
            if name and channel.name == name:
                self._found[f"#{name}"] = channel
                return channel
        raise Refused("channel_not_found")

    def direct(self, user_id: str) -> Channel:
        """Return the direct conversation of the bot and a person, opening it if needed."""
        both = {self.bot.id, user_id}
        found = self._found.get(f"dm {user_id}")
        if isinstance(found, Channel) and found.id in self.channels and set(found.members) == both:
            return found
        direct = next(
            (each for each in self.channels.values() if each.kind == "im" and set(each.members) == both), None
        )
        direct = direct or self.add_channel("", "im", [self.bot.id, user_id])
        self._found[f"dm {user_id}"] = direct
        return direct

    def add_crowd(self, people: int, channels: int) -> None:
        """Add members `person-1`, `person-2`, … and public channels `crowd-1`, `crowd-2`, …, all with the bot in them.

        The people are distributed over the channels in turn: person-1 is in crowd-1. Existing ones stay.
        """
        ids = []
        for number in range(1, people + 1):
            user_id = f"U0CROWD{number:06d}"
            ids.append(user_id)
            if user_id not in self.users:
                self._add_user(user_id, f"person-{number}", f"Person {number}")
        for number in range(1, channels + 1):
            channel_id = f"C0CROWD{number:06d}"
            if channel_id not in self.channels:
                members = [self.bot.id, *ids[number - 1 :: channels]]
                self.add_channel(f"crowd-{number}", "public", members, channel_id=channel_id)

    def address(self, path: str) -> str:
        """Return an absolute address of this workspace: `path` under the prefix."""
        return f"{self.base_url}{self.prefix}{path}"

    # Messages

    def post(
        self,
        channel: Channel,
        user: User,
        text: str,
        *,
        blocks: list[Json] | None = None,
        attachments: list[Json] | None = None,
        thread_ts: str | None = None,
        metadata: Json | None = None,
        broadcast: bool = False,
        files: list[str] | None = None,
        subtype: str | None = None,
    ) -> Message:
        """Post a message to a channel. A person's message also has a client_msg_id."""
        message = Message(
            channel=channel.id,
            ts=self.new_ts(),
            user=user.id,
            text=text,
            blocks=self.with_ids(blocks or []),
            attachments=attachments or [],
            thread_ts=thread_ts,
            metadata=metadata,
            broadcast=broadcast,
            files=files or [],
            subtype=subtype,
            client_msg_id="" if user.bot_id else str(uuid.UUID(int=self.rng.getrandbits(128))),
        )
        channel.messages[message.ts] = message
        self.tell(Change("posted", channel.id, message.ts))
        return message

    def edit(self, message: Message, text: str, blocks: list[Json], *, mark: bool) -> None:
        """Replace a message's text and blocks, keeping the previous version. `mark` shows "(edited)"."""
        message.earlier.append(Version(message.text, message.blocks, self.clock()))
        message.text = text
        message.blocks = self.with_ids(blocks)
        if mark:
            message.edited_ts = self.new_ts()
        self.tell(Change("edited", message.channel, message.ts))

    def delete(self, message: Message) -> None:
        """Delete a message. The parent of a thread leaves a tombstone if it has replies."""
        channel = self.channels[message.channel]
        if channel.replies(message.ts):
            message.subtype, message.text = "tombstone", "This message was deleted."
            message.blocks, message.attachments, message.metadata, message.files = [], [], None, []
        else:
            del channel.messages[message.ts]
        self.tell(Change("deleted", channel.id, message.ts))

    def show_privately(
        self,
        user_id: str,
        channel_id: str,
        text: str,
        *,
        via: str,
        blocks: list[Json] | None = None,
        thread_ts: str | None = None,
        kind: Literal["ephemeral", "notice"] = "ephemeral",
    ) -> Private:
        """Show a message in a channel to one person only."""
        private = Private(
            ts=self.new_ts(),
            user=user_id,
            channel=channel_id,
            kind=kind,
            via=via,
            text=text,
            blocks=self.with_ids(blocks or []),
            thread_ts=thread_ts,
        )
        self.privates.append(private)
        self.tell(Change("private", channel_id, private.ts, user_id))
        return private

    def private(self, ts: str) -> Private | None:
        """Return the private message with a ts, or None if it's no longer visible."""
        return next((each for each in self.privates if each.ts == ts and not each.deleted), None)

    def with_ids(self, blocks: list[Json]) -> list[Json]:
        """Return the blocks as Slack stores them: each block has a block_id, each interactive element an action_id."""
        return [self._with_id(block) for block in blocks]

    def _with_id(self, block: Json) -> Json:
        kept = {**block, "block_id": block.get("block_id") or self.new_id("", 5)}
        if block.get("type") == "actions":
            kept["elements"] = [self._with_action_id(each) for each in block["elements"]]
        return kept

    def _with_action_id(self, element: Json) -> Json:
        return {**element, "action_id": element.get("action_id") or self.new_id("", 5)}

    # Handles that expire

    def new_trigger(self, user_id: str, view: str | None = None, *, channel: str = "") -> str:
        """Return a trigger_id for an action of a person."""
        trigger_id = (
            f"{self.rng.randrange(10**12, 10**13)}.{self.rng.randrange(10**12, 10**13)}.{self.new_id('', 32).lower()}"
        )
        self.triggers[trigger_id] = Trigger(user_id, self.clock(), view, channel)
        return trigger_id

    def exchange_trigger(self, trigger_id: str) -> Trigger:
        """Use up a trigger_id. Raises Refused if it's unknown, used or over 3 s old."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if self.clock() - trigger.made > TRIGGER_LIFE_S:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger

    def new_response_url(self, user_id: str, channel_id: str, original: str | None, *, ephemeral: bool) -> str:
        """Return a response_url for a person's action. `original` is the ts of the message with the clicked button."""
        token = f"{self.team_id}/{self.rng.randrange(10**12, 10**13)}/{self.new_id('', 24)}"
        self.response_urls[token] = ResponseUrl(token, user_id, channel_id, self.clock(), original, ephemeral)
        return self.address(f"/response/{token}")

    def use_response_url(self, token: str) -> ResponseUrl:
        """Count one use. Raises Refused if it's unknown, older than 30 minutes, or already used five times."""
        found = self.response_urls.get(token)
        if found is None:
            raise Refused("invalid_url")
        if self.clock() - found.made > RESPONSE_URL_LIFE_S:
            raise Refused("expired_url")
        if found.uses >= RESPONSE_URL_USES:
            raise Refused("used_url")
        found.uses += 1
        return found

    # Listeners and the log

    def tell(self, change: Change) -> None:
        """Notify all listeners."""
        try:
            for listener in list(self.listeners):
                listener(change)
        finally:
            self._wake()

    def log(
        self,
        what: str,
        direction: Literal["from_app", "to_app", "bolt"],
        outcome: str,
        **details: Any,  # noqa: ANN401 - any further details
    ) -> None:
        """Add one exchange to the log."""
        self.calls.append(Call(self.clock(), what, direction, outcome, details))
        self.logged += 1
        self._wake()

    def _wake(self) -> None:
        event, self._changed = self._changed, asyncio.Event()
        event.set()

    async def until(self, holds: Callable[[], bool], *, timeout_s: float = 5.0) -> None:
        """Wait until a condition holds, checked after each change and call. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not holds():
                await self._changed.wait()
