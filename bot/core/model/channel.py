"""Channels: their kind, and which of them a person is in.

`bot.slack.people` and `bot.slack.memberships` read these facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ChannelKind(StrEnum):
    """Kind of a conversation."""

    PUBLIC = "public"
    PRIVATE = "private"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """A channel. `shared`: whether other organizations share it. `why` and `again_s` are as in `Person`."""

    channel: str
    name: str | None = None
    kind: ChannelKind | None = None
    shared: bool | None = None
    why: str = ""
    again_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ChannelState:
    """The current state of a channel for the bot.

    `is_readable` is False if Slack doesn't describe it, because it's gone, or it's private and the bot isn't in it. In
    that case, the other facts are unknown.
    """

    is_readable: bool = True
    is_member: bool = True
    is_archived: bool = False
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class MemberChannels:
    """The channels that a person is in: names by id, as far as Slack reports them.

    `whole` is False if there may be more, because Slack didn't list them or there are too many. `missing` is a
    sentence that says which results are left out because of that, and is empty if none are.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    whole: bool = True
    missing: str = ""
