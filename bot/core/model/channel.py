"""What a channel is, and which channels somebody is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ChannelKind(StrEnum):
    """What a conversation is."""

    PUBLIC = "public"
    PRIVATE = "private"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """Where. `shared`: with other organisations. `why` and `again_s` as a person's."""

    channel: str
    name: str | None = None
    kind: ChannelKind | None = None
    shared: bool | None = None
    why: str = ""
    again_s: float = 0.0


@dataclass(frozen=True, slots=True)
class MemberChannels:
    """The channels in which a person is, by id with their names, as far as Slack tells.

    `whole` is False where there may be more of them: Slack does not tell, or there are too many. `missing` is a sentence
    that says what is therefore left out, empty where that is nothing.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    whole: bool = True
    missing: str = ""
