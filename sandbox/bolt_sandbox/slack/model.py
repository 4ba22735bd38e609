"""Records of a workspace: people, channels, messages, files and views."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
ChannelKind = Literal["public", "private", "im", "mpim"]
Role = Literal["primary_owner", "owner", "admin", "member", "guest", "single_channel_guest"]


class Refused(Exception):  # noqa: N818 - Slack's answer, not our own error
    """Slack answers `ok: false`. `code` is Slack's error code; `more` is added to the body."""

    def __init__(self, code: str, **more: Any) -> None:  # noqa: ANN401 - any further fields of the body
        super().__init__(code)
        self.code = code
        self.more = more

    def body(self) -> Json:
        """Return the body of the reply."""
        return {"ok": False, "error": self.code, **self.more}


def missing_argument(name: str) -> Refused:
    """Return the refusal of a call with a missing argument."""
    return Refused("invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {name}"]})


@dataclass(slots=True)
class User:
    """A person of this workspace, a bot, or a person from another organization (`team`). `deleted`: deactivated.

    On Enterprise Grid: `teams` are the workspaces of our organization that a person is in (empty: this one), `shown_as`
    is the workspace or organization that Slack reports as the person's team (empty: the workspace), and `enterprise` is
    the organization of a person from another one.
    """

    id: str
    name: str
    real_name: str
    bot_id: str = ""
    role: Role = "member"
    deleted: bool = False
    tz: str = "Europe/Amsterdam"
    team: str = ""
    email: str = ""
    updated: int = 0
    teams: list[str] = field(default_factory=list)
    shown_as: str = ""
    enterprise: str = ""

    @property
    def is_guest(self) -> bool:
        """Whether this is a guest, in several channels or in one."""
        return self.role in ("guest", "single_channel_guest")


@dataclass(slots=True)
class UserGroup:
    """A user group (@data-team). `created` and `updated` are in Unix seconds."""

    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)
    disabled: bool = False
    created: int = 0
    updated: int = 0


@dataclass(slots=True)
class EditRules:
    """How long messages can be edited in the workspace (None: always), or whether they can't be edited at all."""

    window_s: float | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A message's content before an edit."""

    text: str
    blocks: list[Json]
    until: float


@dataclass(slots=True)
class Message:
    """A message in a channel. `thread_ts` is the parent's ts, or None outside a thread."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: Json | None = None
    subtype: str | None = None
    broadcast: bool = False
    edited_ts: str | None = None
    files: list[str] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    earlier: list[Version] = field(default_factory=list)
    client_msg_id: str = ""

    @property
    def is_reply(self) -> bool:
        """Whether it's in another message's thread."""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(slots=True)
class Channel:
    """A conversation. In a direct conversation, `members` has the ids of the two people, and `name` is empty.

    `connected` has the teams of other organizations that it's shared with, even if none of their people are in it.
    """

    id: str
    name: str
    kind: ChannelKind
    members: list[str]
    created: int
    is_archived: bool = False
    connected: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)

    def replies(self, parent_ts: str) -> list[Message]:
        """Return the messages of a thread without its parent, oldest first."""
        return [message for message in self.messages.values() if message.is_reply and message.thread_ts == parent_ts]


@dataclass(slots=True)
class Private:
    """A message shown to one person only. `kind` is `notice` if it's from Slack itself (operation_timeout)."""

    ts: str
    user: str
    channel: str
    kind: Literal["ephemeral", "notice"]
    via: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    deleted: bool = False
    earlier: list[Version] = field(default_factory=list)


@dataclass(slots=True)
class File:
    """A file. The file exists as soon as an upload address is requested, and is visible once it's shared."""

    id: str
    name: str
    user: str
    created: int
    snippet_type: str | None = None
    alt_text: str = ""
    title: str = ""
    content: bytes | None = None
    completed: bool = False
    shares: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class View:
    """An open modal or a Home tab. `channel` is the conversation that the person was in when it opened."""

    id: str
    user: str
    kind: Literal["modal", "home"]
    content: Json
    hash: str
    root: str
    previous: str | None = None
    open: bool = True
    channel: str = ""


@dataclass(slots=True)
class Trigger:
    """A trigger_id: valid for three seconds, and only once. `view` or `channel`: where the person acted."""

    user: str
    made: float
    view: str | None = None
    channel: str = ""
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """A response_url: five posts in thirty minutes. `original` is the ts of the message it came from."""

    token: str
    user: str
    channel: str
    made: float
    original: str | None = None
    ephemeral: bool = True
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One exchange between the app and Slack or Bolt, in the sandbox's log."""

    at: float
    what: str
    direction: Literal["from_app", "to_app", "bolt"]
    outcome: str
    details: Json


@dataclass(frozen=True, slots=True)
class Change:
    """A visible change. `user` is set if only that person sees it.

    `world`: the bot, its sockets, or the active faults have changed.
    """

    kind: Literal["posted", "edited", "deleted", "private", "view", "file", "world"]
    channel: str
    ts: str
    user: str = ""
