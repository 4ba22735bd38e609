"""A Slack that keeps all posts, edits, uploads and private replies.

Redis isn't faked: `tests/conftest.py` has the fixtures for a real one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.core.model.errors import BotError, ScopeMissing, SlackOutcomeUnknown
from bot.core.model.sent_message import MessageAbsent, MessageButton, MessageFound, SearchInconclusive, SlackMessage
from bot.core.text.message import Buttons, Message
from bot.core.text.text import Sentence
from tests.core.views.plain import said
from tests.flows.fakes.faults import Faults


@dataclass(frozen=True, slots=True)
class Sent:
    """A message in a channel. `user` is the only person who sees it, or empty if everybody does."""

    channel: str
    ts: str
    message: Message
    key: str = ""
    thread: str | None = None
    user: str = ""

    @property
    def text(self) -> str:
        """The text as a person reads it."""
        return said(self.message.text)


@dataclass
class FakeChat:
    """A Slack that keeps what was posted. `refusing`: errors by channel id, raised by posts, edits and shared files.

    `meanwhile` runs while the reply to the next post is on its way.
    """

    faults: Faults = field(default_factory=lambda: Faults(SlackOutcomeUnknown))
    posted: dict[tuple[str, str], Sent] = field(default_factory=dict)
    private: list[Sent] = field(default_factory=list)
    edits: list[Sent] = field(default_factory=list)
    deleted: list[tuple[str, str]] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    uploads: dict[str, tuple[str, bytes, bool]] = field(default_factory=dict)
    alts: dict[str, str | None] = field(default_factory=dict)
    shared: list[tuple[str, str | None, str]] = field(default_factory=list)
    refusing: dict[str, BotError] = field(default_factory=dict)
    unreadable: bool = False
    meanwhile: Callable[[], Awaitable[None]] | None = None
    _numbers: int = 0

    def in_channel(self, channel: str, thread: str | None = None) -> list[str]:
        """The messages in a channel, or in one of its threads."""
        return [one.text for one in self.posted.values() if one.channel == channel and one.thread == thread]

    def told(self, user: str) -> list[str]:
        """The private messages to one person."""
        return [one.text for one in self.private if one.user == user]

    def _ts(self) -> str:
        self._numbers += 1
        return f"{datetime.now(UTC).timestamp():.0f}.{self._numbers:06}"

    async def post_message(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> str:
        """Post a message."""
        self.faults.before("post_message")
        if channel in self.refusing:
            raise self.refusing[channel]
        ts = self._ts()
        self.posted[channel, ts] = Sent(channel, ts, message, key, thread_ts)
        self.faults.after("post_message")
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return ts

    async def edit_message(self, channel: str, ts: str, message: Message) -> None:
        """Replace a message."""
        self.faults.before("edit_message")
        if channel in self.refusing:
            raise self.refusing[channel]
        sent = replace(self.posted.get((channel, ts), Sent(channel, ts, message)), message=message)
        self.posted[channel, ts] = sent
        self.edits.append(sent)
        self.faults.after("edit_message")

    async def delete_message(self, channel: str, ts: str) -> None:
        """Delete a message."""
        self.faults.before("delete_message")
        self.posted.pop((channel, ts), None)
        self.deleted.append((channel, ts))

    async def find_message(
        self, channel: str, key: str, *, since: float, thread_ts: str | None = None
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """Find a message by its key."""
        self.faults.before("find_message")
        del since
        if self.unreadable:
            return SearchInconclusive()
        for one in self.posted.values():
            if (one.channel, one.key, one.thread) == (channel, key, thread_ts):
                return MessageFound(one.ts)
        return MessageAbsent()

    async def join_channel(self, channel: str) -> None:
        """Join; from now on the channel accepts posts."""
        self.faults.before("join_channel")
        self.joined.append(channel)
        self.refusing.pop(channel, None)

    async def start_upload(self, filename: str, content: bytes, *, snippet: bool, alt: str | None = None) -> str:
        """Keep the file."""
        self.faults.before("start_upload")
        name = f"F{len(self.uploads) + 1}"
        self.alts[name] = alt
        self.uploads[name] = (filename, content, snippet)
        return name

    async def share_upload(
        self, channel: str, thread_ts: str | None, file_id: str, title: str, *, comment: Sentence = ()
    ) -> None:
        """Share the file in a channel or thread."""
        del title, comment
        self.faults.before("share_upload")
        if channel in self.refusing:
            raise self.refusing[channel]
        self.shared.append((channel, thread_ts, file_id))
        self.faults.after("share_upload")

    async def find_upload(
        self, channel: str, thread_ts: str | None, file_id: str, *, since: float
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """Find a shared file by its id."""
        del since
        return MessageFound(file_id) if (channel, thread_ts, file_id) in self.shared else MessageAbsent()

    async def find_file_named(
        self, channel: str, thread_ts: str | None, name: str, *, since: float
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """Find a shared file by its name."""
        del since
        shared = [file for where, thread, file in self.shared if (where, thread) == (channel, thread_ts)]
        found = next((file for file in shared if self.uploads[file][0] == name), None)
        return MessageFound(found) if found else MessageAbsent()

    async def permalink(self, channel: str, ts: str) -> str | None:
        """A message's address."""
        return f"https://slack.test/{channel}/{ts}"

    async def respond(self, response_url: str, message: Message, *, replace: bool = False) -> None:
        """Record a private reply to the person named in the last part of the address."""
        del replace
        self.faults.before("respond")
        self.private.append(Sent("", "", message, user=response_url.rpartition("/")[2]))

    async def post_ephemeral(self, channel: str, user: str, message: Message, *, thread_ts: str | None = None) -> None:
        """Tell one person."""
        self.faults.before("post_ephemeral")
        self.private.append(Sent(channel, "", message, thread=thread_ts, user=user))

    async def read_message(self, channel: str, ts: str, *, within_s: float) -> SlackMessage | None:
        """Read a message with its buttons. If `unreadable`, Slack refuses."""
        del within_s
        self.faults.before("read_message")
        if self.unreadable:
            raise ScopeMissing("conversations.replies", "missing_scope", needed="channels:history")
        if (channel, ts) not in self.posted:
            return None
        rows = [block for block in self.posted[channel, ts].message.blocks if isinstance(block, Buttons)]
        buttons = (MessageButton(one.action, one.value, one.url or "") for row in rows for one in row.buttons)
        return SlackMessage(ours=True, buttons=tuple(buttons))

    async def post_direct(self, user: str, message: Message, *, key: str) -> str:
        """Tell one person in their direct messages."""
        self.faults.before("post_direct")
        sent = Sent(f"D{user}", self._ts(), message, key, user=user)
        self.private.append(sent)
        return sent.ts

    async def direct_channel(self, user: str) -> str:
        """The id of a person's direct messages."""
        self.faults.before("direct_channel")
        return f"D{user}"


class FakeHomeTab:
    """Keeps what is shown to each person."""

    def __init__(self) -> None:
        self.published: list[tuple[str, Message, int]] = []

    async def publish(self, user: str, message: Message, *, page: int, replaces: str = "") -> bool:
        """Keep a view."""
        del replaces
        self.published.append((user, message, page))
        return True
