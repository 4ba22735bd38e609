"""Ports to Slack, implemented by `bot.slack`.

The ports raise only the errors of `bot.core.model.errors`, and never repeat a call that might then take effect twice.
"""

from __future__ import annotations

from typing import Protocol

from bot.core.model.channel import ChannelInfo, ChannelState, MemberChannels
from bot.core.model.person import Person
from bot.core.model.sent_message import MessageAbsent, MessageFound, SearchInconclusive, SlackMessage
from bot.core.text.message import Message
from bot.core.text.text import Sentence


class Chat(Protocol):
    """Slack's messages and files. No call here waits for the posting budget, because callers have already spent it.

    `key` identifies a message. The key is stored in the message's metadata, so that a post with a lost response can be
    found again.
    """

    async def post_message(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> str:
        """Post a message and return its timestamp. Sent at most once; after SlackOutcomeUnknown, use `find_message`."""

    async def edit_message(self, channel: str, ts: str, message: Message) -> None:
        """Replace one of our messages. Safe to repeat."""

    async def delete_message(self, channel: str, ts: str) -> None:
        """Delete one of our messages. A message that's already gone isn't an error."""

    async def find_message(
        self, channel: str, key: str, *, since: float, thread_ts: str | None = None
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """Find our message with that key, posted at `since` (Unix seconds, Slack's clock) or later."""

    async def join_channel(self, channel: str) -> None:
        """Join a public channel. Raises ChannelRefused if that isn't possible."""

    async def start_upload(self, filename: str, content: bytes, *, snippet: bool, alt: str | None = None) -> str:
        """Upload a file's bytes and return its id; `alt` is an image's alternative text.

        Nothing is visible until `share_upload`.
        """

    async def share_upload(
        self, channel: str, thread_ts: str | None, file_id: str, title: str, *, comment: Sentence = ()
    ) -> None:
        """Show an uploaded file in a thread, or in the channel.

        Sent at most once; after SlackOutcomeUnknown, use `find_upload`.
        """

    async def find_upload(
        self, channel: str, thread_ts: str | None, file_id: str, *, since: float
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """Find the message that shared an uploaded file in a thread, or in the channel."""

    async def find_file_named(
        self, channel: str, thread_ts: str | None, name: str, *, since: float
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """Find our message that shared a file of this name in a thread, or in the channel."""

    async def permalink(self, channel: str, ts: str) -> str | None:
        """The permalink of a message, or None if Slack doesn't return it."""

    async def respond(self, response_url: str, message: Message, *, replace: bool = False) -> None:
        """Answer privately through a response_url; with `replace`, replace the message it came from."""

    async def post_ephemeral(self, channel: str, user: str, message: Message, *, thread_ts: str | None = None) -> None:
        """Show a message to one person only, in a channel or in a thread there."""

    async def read_message(self, channel: str, ts: str, *, within_s: float) -> SlackMessage | None:
        """Read a message of a channel. Returns None if there is none. Raises SlackError, even for a missing scope."""

    async def post_direct(self, user: str, message: Message, *, key: str) -> str:
        """Post a direct message to a person, and return its timestamp."""

    async def direct_channel(self, user: str) -> str:
        """The channel of the direct messages with a person."""


class People(Protocol):
    """Facts about people and channels. Facts that can't be read are None, and the records say why."""

    async def person(self, user: str, *, acts: bool = False, fresh: bool = False) -> Person:
        """Read a person's facts.

        `acts`: an action depends on these facts. `fresh`: role and user groups are read again, even if they're cached.
        """

    async def channel(self, channel: str) -> ChannelInfo: ...
    async def note_group_message(self, channel: str) -> None:
        """Note from a payload that a channel is a group direct message."""

    async def group(self, name: str) -> str | None:
        """The id of a user group that the policy names, or None if it doesn't exist or can't be read."""

    async def members(self, group: str, *, fresh: bool = False) -> frozenset[str] | None:
        """The members of a user group that the policy names, or None if it doesn't exist or can't be read."""

    async def forget_groups(self) -> None: ...
    async def forget_channel(self, channel: str) -> None: ...


class Channels(Protocol):
    """The state of channels for the bot, and the people to tell if it can't post there."""

    async def channel_state(self, channel: str) -> ChannelState:
        """Read the current state of a channel for the bot. Raises SlackError if Slack doesn't say."""

    async def admins(self) -> tuple[str, ...]:
        """The first few of the workspace's admins, or none if they aren't known."""


class Memberships(Protocol):
    """Channel memberships."""

    async def channels_of(self, user: str, *, fresh: bool = False) -> MemberChannels:
        """A person's channels, read at most a few minutes ago, or with `fresh` at most a few seconds ago."""

    async def is_member(self, channel: str, user: str) -> bool | None:
        """Whether a person is in a channel now, or None if Slack doesn't say."""


class PeopleByAddress(Protocol):
    """People by their email addresses."""

    async def user_with(self, address: str) -> str:
        """The id of the active user of our workspace with this address, or "" if there's none. Raises SlackError."""


class HomeTab(Protocol):
    """The app's Home tab of each person."""

    async def publish(self, user: str, message: Message, *, page: int, replaces: str = "") -> bool:
        """Show a message in the person's Home tab. Returns whether it was shown.

        `replaces`: the hash of the view that must still be shown; otherwise nothing is done. Raises SlackError.
        """
