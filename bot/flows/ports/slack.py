"""What the flows need of Slack, as small protocols. `bot.slack` implements them.

They raise only the errors of `bot.core.model.errors`, and repeat nothing that might then be done twice.
"""

from __future__ import annotations

from typing import Protocol

from bot.core.model.channel import ChannelInfo, MemberChannels
from bot.core.model.person import Person
from bot.core.model.sent_message import MessageAbsent, MessageFound, SearchInconclusive, SlackMessage
from bot.core.text.message import Message
from bot.core.text.text import Sentence


class Chat(Protocol):
    """Slack, as far as the flows need it. No call here waits for the budget: that was spent before.

    `key` names what a message is for. It travels in the message's metadata, so that a post whose reply
    was lost can be found again.
    """

    async def post_message(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> str:
        """Post a message; its timestamp. Sent at most once. SlackOutcomeUnknown: look for it with `find_message`."""

    async def edit_message(self, channel: str, ts: str, message: Message) -> None:
        """Replace a message of ours. Safe to repeat."""

    async def delete_message(self, channel: str, ts: str) -> None:
        """Delete a message of ours; one that is gone already is no error."""

    async def find_message(
        self, channel: str, key: str, *, since: float, thread_ts: str | None = None
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """Look for our message with that key, posted at `since` (unix seconds, Slack's clock) or later."""

    async def join_channel(self, channel: str) -> None:
        """Join a public channel. Raises ChannelRefused where that cannot be."""

    async def start_upload(self, filename: str, content: bytes, *, snippet: bool, alt: str | None = None) -> str:
        """Upload a file's bytes and return its id; `alt` is what stands for a picture. Nothing is visible until `share_upload`."""

    async def share_upload(
        self, channel: str, thread_ts: str | None, file_id: str, title: str, *, comment: Sentence = ()
    ) -> None:
        """Show an uploaded file in a thread, or in the channel. Sent at most once. SlackOutcomeUnknown: look with `find_upload`."""

    async def find_upload(
        self, channel: str, thread_ts: str | None, file_id: str, *, since: float
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """Look for the message by which an uploaded file was shared in a thread, or in the channel."""

    async def permalink(self, channel: str, ts: str) -> str | None:
        """The web address of a message, None where Slack does not tell."""

    async def respond(self, response_url: str, message: Message, *, replace: bool = False) -> None:
        """Answer privately through a response_url; `replace` replaces the message it came from."""

    async def post_ephemeral(self, channel: str, user: str, message: Message, *, thread_ts: str | None = None) -> None:
        """Show a message in a channel, or in a thread there, to one person only."""

    async def read_message(self, channel: str, ts: str, *, within_s: float) -> SlackMessage | None:
        """Read a message of the channel back, None where there is none. Raises SlackError, also where a scope is missing."""

    async def post_direct(self, user: str, message: Message, *, key: str) -> str:
        """Post into the direct message with a person; its timestamp."""

    async def direct_channel(self, user: str) -> str:
        """The channel of the direct messages with a person."""


class People(Protocol):
    """Who somebody is and what a channel is. What cannot be read is None in them, and they say why."""

    async def person(self, user: str, *, acts: bool = False, fresh: bool = False) -> Person:
        """Who a person is. `acts`: before something is done. `fresh`: role and user groups are asked for, whatever is kept."""

    async def channel(self, channel: str) -> ChannelInfo: ...
    async def note_group_message(self, channel: str) -> None:
        """A payload says that a channel is a direct message of several people."""

    async def group(self, name: str) -> str | None:
        """The id of a user group that the policy names, None where there is none or it cannot be read."""

    async def members(self, group: str, *, fresh: bool = False) -> frozenset[str] | None:
        """Who is in a user group that the policy names, None if there is none or it cannot be read."""

    async def forget_groups(self) -> None: ...
    async def forget_channel(self, channel: str) -> None: ...


class Memberships(Protocol):
    """Who is in which channel."""

    async def channels_of(self, user: str, *, fresh: bool = False) -> MemberChannels:
        """As was told some minutes ago at most; `fresh`: some seconds ago."""

    async def is_member(self, channel: str, user: str) -> bool | None:
        """Whether a person is in a channel now, None if Slack does not say."""


class HomeTab(Protocol):
    """The Home tab of the app, which each person has."""

    async def publish(self, user: str, message: Message, *, page: int, replaces: str = "") -> bool:
        """Show something in it. `replaces`: the hash of what it must show now, else nothing is done; whether it was.

        Raises SlackError.
        """
